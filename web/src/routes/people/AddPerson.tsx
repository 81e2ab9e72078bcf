import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t } from "@/lib/i18n";
import { Button, Group, Modal, Stack, Text, TextInput } from "@/ui/controls";

type New = { first_name: string; last_name: string; email: string; phone: string; external_id: string };
const NOTHING: New = { first_name: "", last_name: "", email: "", phone: "", external_id: "" };
const KINDS = ["email", "phone", "external_id"] as const;

/** Somebody by hand: what they are called and at least one thing they are known by. */
export function AddPerson(props: { opened: boolean; onClose: () => void; onAdded: (id: string) => void }) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={t("people.add")}>
      <Fields {...props} />
    </Modal>
  );
}

function Fields(props: { onClose: () => void; onAdded: (id: string) => void }) {
  const [one, setOne] = useState(NOTHING);
  const set = (name: keyof New) => (event: { currentTarget: { value: string } }) =>
    setOne({ ...one, [name]: event.currentTarget.value });
  const given = KINDS.filter((kind) => one[kind].trim());
  const add = useChange({
    key: ["people"],
    quiet: true,
    act: async () => {
      const traits = Object.fromEntries(
        (["first_name", "last_name"] as const).flatMap((name) => (one[name].trim() ? [[name, one[name].trim()]] : [])),
      );
      const identifiers = given.map((kind) => ({ kind, value: one[kind].trim() }));
      return ask(api.POST("/api/v1/people", { body: { identifiers, traits } }));
    },
    said: () => t("people.added"),
  });
  const flaw = (kind: (typeof KINDS)[number]) =>
    add.problem?.of(`identifiers[${given.indexOf(kind)}]`) ??
    add.problem?.of(`identifiers[${given.indexOf(kind)}].value`);
  const taken =
    add.problem?.code === "identifier_taken" ? /id:(\d+)/.exec(add.problem.errors[0]?.message ?? "")?.[1] : undefined;
  const unplaced = add.problem && !KINDS.some(flaw);
  return (
    <form
      onSubmit={async (event) => {
        event.preventDefault();
        const made = await add.run(undefined);
        if (made) props.onAdded(made.id);
      }}
    >
      <Stack gap="sm">
        <Group grow align="start">
          <TextInput
            label={t("people.first_name")}
            value={one.first_name}
            onChange={set("first_name")}
            data-autofocus
          />
          <TextInput label={t("people.last_name")} value={one.last_name} onChange={set("last_name")} />
        </Group>
        <TextInput
          label={t("app.email")}
          type="email"
          value={one.email}
          onChange={set("email")}
          error={flaw("email")}
        />
        <TextInput
          label={t("people.kind.phone")}
          description={t("people.phone.hint")}
          type="tel"
          value={one.phone}
          onChange={set("phone")}
          error={flaw("phone")}
        />
        <TextInput
          label={t("people.kind.external_id")}
          value={one.external_id}
          onChange={set("external_id")}
          error={flaw("external_id")}
        />
        {taken && (
          <Text size="sm">
            {t("people.added.is_there")}{" "}
            <Link to="/people/$who" params={{ who: taken }}>
              {t("people.added.look")}
            </Link>
          </Text>
        )}
        <Text size="sm" c={unplaced ? "var(--bad)" : "dimmed"} role={unplaced ? "alert" : undefined}>
          {unplaced ? add.problem?.errors[0]?.message || add.problem?.title : t("people.add.hint")}
        </Text>
        <Group justify="end">
          <Button variant="default" onClick={props.onClose}>
            {t("app.cancel")}
          </Button>
          <Button type="submit" disabled={!given.length} loading={add.busy}>
            {t("people.add")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
