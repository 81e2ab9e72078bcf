import { IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { t, tn } from "@/lib/i18n";
import { dismiss, failed, type Toast, useToasts } from "@/ui/toast";

/** Said aloud as they come; they stay while the pointer or the focus is on them (WCAG 2.2.1). */
export function Toasts() {
  const toasts = useToasts();
  return (
    <div
      className="toasts"
      role="status"
      aria-live="polite"
      aria-label={toasts.length ? tn("app.toasts", toasts.length) : undefined}
    >
      {toasts.map((toast) => (
        <One key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function One({ toast }: { toast: Toast }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(toast.id), toast.ms);
    return () => clearTimeout(timer);
  }, [held, toast]);
  const undo = () => {
    dismiss(toast.id);
    void Promise.resolve(toast.undo?.()).catch(failed);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it is only held; what can be done stands in it as buttons
    <div
      className={toast.bad ? "toast bad" : "toast"}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span>{toast.message}</span>
      {toast.undo && (
        <button type="button" className="act" onClick={undo}>
          {t("app.undo")}
        </button>
      )}
      <button type="button" className="icon" aria-label={t("app.close")} onClick={() => dismiss(toast.id)}>
        <IconX size={16} aria-hidden />
      </button>
    </div>
  );
}
