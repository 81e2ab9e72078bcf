import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Button, Modal, TextInput } from "@/ui/controls";
import { Failed } from "@/ui/State";
import { done } from "@/ui/toast";
import { values } from "./Door";
import { type Proved, useProved } from "./prove";
import { create } from "./webauthn";

/** First the device is asked, then the name: who stops at the device has typed nothing in vain. */
export function AddPasskey(props: { proved: Proved; onAdded: () => void }) {
  const [made, setMade] = useState<PublicKeyCredential>();
  const saving = useProved({ quiet: true });
  const begin = async () => {
    const begun = await props.proved.run(() => ask(api.POST("/api/v1/me/passkeys/options")));
    if (begun) setMade(await create(begun.options));
  };
  const save = async (event: FormEvent<HTMLFormElement>) => {
    const { name } = values(event, "name");
    const credential = made?.toJSON();
    const saved = await saving.run(() => ask(api.POST("/api/v1/me/passkeys", { body: { name, credential } })));
    if (!saved) return;
    setMade(undefined);
    done(t("access.passkey.added", { name: saved.name }));
    props.onAdded();
  };
  return (
    <div className="part-acts">
      <Button
        variant="default"
        leftSection={<IconPlus size={16} aria-hidden />}
        onClick={() => props.proved.busy || void begin()}
      >
        {t("access.passkey.add")}
      </Button>
      <Modal opened={made !== undefined} onClose={() => setMade(undefined)} title={t("access.passkey.name.title")}>
        <form className="fields" onSubmit={(event) => void save(event)}>
          <TextInput
            name="name"
            label={t("app.name")}
            description={t("access.passkey.name.hint")}
            defaultValue={t("access.passkey.name.first")}
            maxLength={100}
            required
            withAsterisk={false}
            data-autofocus
            error={saving.problem?.of("name")}
          />
          {saving.problem && !saving.problem.of("name") && <Failed error={saving.problem} />}
          <div className="ends">
            <Button type="submit" loading={saving.busy}>
              {t("app.save")}
            </Button>
          </div>
        </form>
      </Modal>
      {saving.dialog}
    </div>
  );
}
