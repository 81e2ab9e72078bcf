import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { day } from "@/lib/format";
import { t } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import { sessionQuery } from "@/lib/session";
import { ActionIcon, Button, TextInput } from "@/ui/controls";
import { Loaded } from "@/ui/State";
import { done } from "@/ui/toast";
import { When } from "@/ui/When";
import { Dialog } from "./Dialog";
import { values } from "./Door";
import { ME } from "./me";
import { AddPasskey } from "./PasskeyAdd";
import { useProved } from "./prove";
import { passkeysWork } from "./webauthn";

type Passkey = components["schemas"]["Passkey"];
const PASSKEYS = ["passkeys"];

export function Passkeys() {
  const query = useQuery({ queryKey: PASSKEYS, queryFn: () => ask(api.GET("/api/v1/me/passkeys")) });
  const [named, setNamed] = useState<Passkey>();
  const proved = useProved();
  const client = useQueryClient();
  const refresh = () => {
    for (const queryKey of [PASSKEYS, ME, sessionQuery.queryKey]) void client.invalidateQueries({ queryKey });
  };
  const remove = async (one: Passkey) => {
    const path = { passkey: one.id };
    const gone = await proved.run(async () => {
      await ask(api.DELETE("/api/v1/me/passkeys/{passkey}", { params: { path } }));
      return true;
    });
    if (gone) done(t("access.passkey.removed", { name: one.name }));
    refresh();
  };
  return (
    <>
      <Loaded query={query} rows={1} height={44}>
        {(list) =>
          list.length > 0 && (
            <ul className="rows">
              {list.map((one) => (
                <Row key={one.id} one={one} onRename={() => setNamed(one)} onRemove={() => void remove(one)} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {passkeysWork() ? (
        <AddPasskey proved={proved} onAdded={refresh} />
      ) : (
        <p className="soft small plain">{t("access.passkey.needs_domain")}</p>
      )}
      {named && <Rename one={named} onClose={() => setNamed(undefined)} />}
      {proved.dialog}
    </>
  );
}

function Row(props: { one: Passkey; onRename: () => void; onRemove: () => void }) {
  const { one } = props;
  return (
    <li>
      <div>
        <strong>{one.name}</strong>
        <span className="soft small">
          {t("access.passkey.made", { day: day(one.created_at) })} · {t("access.used")} <When wall at={one.used_at} />
        </span>
      </div>
      <div className="row-acts">
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t("access.passkey.rename", { name: one.name })}
          onClick={props.onRename}
        >
          <IconPencil size={18} aria-hidden />
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t("access.passkey.remove", { name: one.name })}
          onClick={props.onRemove}
        >
          <IconTrash size={18} aria-hidden />
        </ActionIcon>
      </div>
    </li>
  );
}

function Rename(props: { one: Passkey; onClose: () => void }) {
  const path = { passkey: props.one.id };
  const rename = useChange({
    act: (name: string) => ask(api.PATCH("/api/v1/me/passkeys/{passkey}", { params: { path }, body: { name } })),
    key: PASSKEYS,
    now: (before: Passkey[], name) => before.map((one) => (one.id === props.one.id ? { ...one, name } : one)),
    said: (name) => t("access.passkey.renamed", { name }),
    undo: (): unknown => rename.run(props.one.name),
    quiet: true,
  });
  return (
    <Dialog onClose={props.onClose} title={t("access.passkey.rename", { name: props.one.name })}>
      <form
        className="fields"
        onSubmit={async (event) => {
          if (await rename.run(values(event, "name").name)) props.onClose();
        }}
      >
        <TextInput
          name="name"
          label={t("app.name")}
          defaultValue={props.one.name}
          maxLength={100}
          required
          withAsterisk={false}
          data-autofocus
          error={rename.problem?.of("name") ?? rename.problem?.title}
        />
        <div className="ends">
          <Button variant="default" onClick={props.onClose}>
            {t("app.cancel")}
          </Button>
          <Button type="submit" loading={rename.busy}>
            {t("app.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
