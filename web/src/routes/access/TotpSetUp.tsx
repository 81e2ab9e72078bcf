import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import { Button, TextInput } from "@/ui/controls";
import { Dialog } from "./Dialog";
import { Refused, useForm, values } from "./Door";
import { Once } from "./Once";

type Props = {
  begun: components["schemas"]["TotpBegun"];
  onClose: () => void;
  onCodes: (codes: string[]) => void;
};

/** The picture for the app, the same in letters, and the first code, which proves that it was taken in. */
export function TotpSetUp({ begun, onClose, onCodes }: Props) {
  const form = useForm((code: string) => ask(api.PUT("/api/v1/me/totp", { body: { code, pending: begun.pending } })));
  return (
    <Dialog onClose={onClose} title={t("access.codes.set_up.title")} closeOnClickOutside={false}>
      <form
        className="fields"
        onSubmit={async (event) => {
          const answer = await form.submit(values(event, "code").code.replace(/\s/g, ""));
          if (answer) onCodes(answer.codes);
        }}
      >
        <p className="plain soft">{t("access.codes.scan")}</p>
        <img className="qr" src={begun.qr} width={200} height={200} alt={t("access.codes.qr")} />
        <Once label={t("access.codes.secret")} value={begun.secret} />
        <TextInput
          name="code"
          label={t("access.codes.first")}
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          withAsterisk={false}
          data-autofocus
          error={form.problem?.of("code")}
        />
        <Refused form={form} fields={["code"]} />
        <div className="ends">
          <Button variant="default" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button type="submit" loading={form.busy} disabled={form.wait > 0}>
            {t("access.codes.turn_on")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
