import { Alert, Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { Problem } from "@/lib/api";
import type { Saving } from "@/lib/draft";
import { t } from "@/lib/i18n";
import { sentence } from "@/lib/say";

/** What would stand here, and the one thing to do about it. */
export function Empty(props: { icon?: ReactNode; title: string; text?: string; action?: ReactNode }) {
  return (
    <div className="empty">
      {props.icon && <div className="soft">{props.icon}</div>}
      <h2 style={{ margin: 0, fontSize: "1.0625rem", fontWeight: 600 }}>{props.title}</h2>
      {props.text && (
        <p className="soft" style={{ margin: 0 }}>
          {props.text}
        </p>
      )}
      {props.action}
    </div>
  );
}

/** What happened, what was kept, and a way on. */
export function Failed(props: { error: unknown; retry?: () => void }) {
  return (
    <Alert
      color="red"
      variant="light"
      title={sentence(props.error)}
      role="alert"
      styles={{ title: { color: "inherit" } }}
    >
      {props.error instanceof Problem && props.error.errors.length > 0 && (
        <ul style={{ margin: "0 0 8px", paddingInlineStart: 18 }}>
          {props.error.errors.map((flaw) => (
            <li key={`${flaw.at} ${flaw.message}`}>
              {flaw.at && <code>{flaw.at}</code>} {flaw.message}
            </li>
          ))}
        </ul>
      )}
      {props.retry && (
        <Button variant="default" onClick={props.retry}>
          {t("app.retry")}
        </Button>
      )}
    </Alert>
  );
}

/** The place that something will take, while it is on its way: nothing moves when it comes. */
export function Waiting(props: { rows?: number; height?: number }) {
  return (
    <div role="status" aria-label={t("app.loading")} style={{ display: "grid", gap: 8 }}>
      {Array.from({ length: props.rows ?? 1 }, (_, n) => (
        <Skeleton key={n} height={props.height ?? 36} radius={8} />
      ))}
    </div>
  );
}

/** A query as one of three: on its way, failed, or here. */
export function Loaded<T>(props: {
  query: { data: T | undefined; error: unknown; refetch: () => unknown; isPlaceholderData?: boolean };
  rows?: number;
  height?: number;
  children: (data: T) => ReactNode;
}) {
  const { data, error, refetch } = props.query;
  if (data !== undefined) return <>{props.children(data)}</>;
  if (error) return <Failed error={error} retry={() => void refetch()} />;
  return <Waiting rows={props.rows} height={props.height} />;
}

/** Whether what is edited is kept: said quietly, beside the title. */
export function Saved(props: { saving: Saving; retry?: () => void }) {
  return (
    <span role="status" className="soft" style={{ fontSize: "0.8125rem" }}>
      {t(`app.saving.${props.saving}`)}
      {props.saving === "failed" && props.retry && (
        <Button variant="subtle" size="compact-xs" onClick={props.retry}>
          {t("app.retry")}
        </Button>
      )}
    </span>
  );
}
