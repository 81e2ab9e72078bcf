import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t } from "@/lib/i18n";
import { Button, NativeSelect, TextInput } from "@/ui/controls";
import { kindName } from "./people";

const KINDS = ["email", "phone", "external_id"];

export function IdentifierForm(props: { who: string; onClose: () => void }) {
  const [kind, setKind] = useState("email");
  const [value, setValue] = useState("");
  const name = `${kind}:${value.trim()}`;
  const back = useChange({
    key: ["person", props.who],
    act: () =>
      ask(
        api.POST("/api/v1/profiles/{who}/unmerge", {
          params: { path: { who: `id:${props.who}` } },
          body: { identifiers: [name], number: "", dry_run: false },
        }),
      ),
  });
  const add = useChange({
    key: ["person", props.who],
    quiet: true,
    act: () =>
      ask(
        api.POST("/api/v1/people/{who}/identifiers", {
          params: { path: { who: props.who } },
          body: { kind, value: value.trim() },
        }),
      ),
    said: () => t("people.identifier.added", { value: value.trim() }),
    undo: () => back.run(undefined),
  });
  const { problem } = add;
  return (
    <form
      className="trait-form"
      aria-label={t("people.identifier.add")}
      onKeyDown={(event) => event.key === "Escape" && props.onClose()}
      onSubmit={async (event) => {
        event.preventDefault();
        if (await add.run(undefined)) props.onClose();
      }}
    >
      <div className="trait-row flip">
        <NativeSelect
          label={t("people.identifier.kind")}
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value)}
          data={KINDS.map((one) => ({ value: one, label: kindName(one) }))}
        />
        <TextInput
          label={t("people.identifier.value")}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          error={problem && (problem.errors[0]?.message ?? problem.title)}
          autoFocus
        />
      </div>
      <div className="trait-acts">
        <span style={{ flex: 1 }} />
        <Button size="compact-sm" variant="default" onClick={props.onClose}>
          {t("app.cancel")}
        </Button>
        <Button size="compact-sm" type="submit" disabled={!value.trim()} loading={add.busy}>
          {t("app.save")}
        </Button>
      </div>
    </form>
  );
}
