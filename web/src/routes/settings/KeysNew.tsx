import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Button, NumberInput, Radio, TextInput } from "@/ui/controls";
import { Failed } from "@/ui/State";
import { Dialog } from "../access/Dialog";
import { values } from "../access/Door";
import { Once } from "../access/Once";
import { type Proved, useProved } from "../access/prove";

export const KEYS = ["keys"];
const SCOPES = ["write", "read", "admin"] as const;
type Scope = (typeof SCOPES)[number];
type Made = { name: string; key: string };

/** A name and what it may do; then the key, this once. */
export function NewKey(props: { onClose: () => void }) {
  const [made, setMade] = useState<Made>();
  const proved = useProved({ quiet: true });
  return (
    <>
      <Dialog
        onClose={props.onClose}
        title={made ? t("keys.once.title", { name: made.name }) : t("keys.create")}
        closeOnEscape={!proved.proving}
        closeOnClickOutside={!made}
      >
        {made ? (
          <div className="fields">
            <p className="plain">{t("keys.once")}</p>
            <Once label={t("keys.key")} value={made.key} />
            <div className="ends">
              <Button onClick={props.onClose}>{t("app.done")}</Button>
            </div>
          </div>
        ) : (
          <Form proved={proved} onMade={setMade} />
        )}
      </Dialog>
      {proved.dialog}
    </>
  );
}

function Form({ proved, onMade }: { proved: Proved; onMade: (made: Made) => void }) {
  const client = useQueryClient();
  const [scope, setScope] = useState<Scope>("write");
  const [pace, setPace] = useState<number | string>("");
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    const { name } = values(event, "name");
    const made = await proved.run(() =>
      ask(api.POST("/api/v1/keys", { body: { name, scope, per_second: pace === "" ? null : Number(pace) } })),
    );
    if (!made) return;
    await client.invalidateQueries({ queryKey: KEYS });
    onMade({ name, key: made.key });
  };
  return (
    <form className="fields" onSubmit={(event) => void submit(event)}>
      <TextInput
        name="name"
        label={t("app.name")}
        description={t("keys.name.hint")}
        autoComplete="off"
        maxLength={100}
        required
        withAsterisk={false}
        data-autofocus
        error={proved.problem?.of("name")}
      />
      <Radio.Group
        label={t("keys.scope")}
        value={scope}
        onChange={(value) => setScope(SCOPES.find((one) => one === value) ?? scope)}
      >
        <div className="choices">
          {SCOPES.map((one) => (
            <Radio key={one} value={one} label={t(`keys.scope.${one}`)} description={t(`keys.scope.${one}.text`)} />
          ))}
        </div>
      </Radio.Group>
      <NumberInput
        label={t("keys.pace")}
        description={t("keys.pace.hint")}
        placeholder={t("keys.pace.none")}
        value={pace}
        onChange={setPace}
        min={1}
        max={100_000}
        allowDecimal={false}
        error={proved.problem?.of("per_second")}
      />
      {proved.problem && !proved.problem.of("name") && !proved.problem.of("per_second") && (
        <Failed error={proved.problem} />
      )}
      <div className="ends">
        <Button type="submit" loading={proved.busy && !proved.proving}>
          {t("app.create")}
        </Button>
      </div>
    </form>
  );
}
