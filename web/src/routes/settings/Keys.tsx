import { IconKey, IconPlus } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { day } from "@/lib/format";
import { t } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Button, Switch } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Page, Panel } from "@/ui/Page";
import { Empty } from "@/ui/State";
import { type Column, Table } from "@/ui/Table";
import { done } from "@/ui/toast";
import { When } from "@/ui/When";
import { useProved } from "../access/prove";
import { Sure } from "../access/Sure";
import { useBack } from "./back";
import { KEYS, NewKey } from "./KeysNew";
import "../access/access.css";
import "./team.css";

type Key = components["schemas"]["KeyView"];

/** Keys of programs: what each may do and when it was last used. A key itself is shown once, when it is made. */
export default function Keys() {
  const mayWrite = useMay("keys.write");
  const [revoked, setRevoked] = useUrlState("revoked", false);
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<Key>();
  const query = useQuery({ queryKey: KEYS, queryFn: () => ask(api.GET("/api/v1/keys")) });
  const all = query.data?.keys;
  const add = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setMaking(true)}>
      {t("keys.create")}
    </Button>
  );
  return (
    <Page title={t("settings.keys")} back={useBack()} actions={mayWrite && all?.length ? add : undefined}>
      <Panel className="middle">
        <Table<Key>
          label={t("settings.keys")}
          rows={all?.filter((one) => revoked || !one.revoked_at)}
          error={query.error}
          refetch={query.refetch}
          id={(one) => one.id}
          columns={columns(mayWrite ? setEnding : undefined, revoked)}
          empty={
            <Empty
              icon={<IconKey size={32} aria-hidden />}
              title={t("keys.none")}
              text={t("keys.none.text")}
              action={mayWrite && add}
            />
          }
        />
        {all?.some((one) => one.revoked_at) && (
          <Switch
            mt={16}
            label={t("keys.show_revoked")}
            checked={revoked}
            onChange={(event) => setRevoked(event.currentTarget.checked)}
          />
        )}
      </Panel>
      {making && <NewKey onClose={() => setMaking(false)} />}
      {ending && <Revoke one={ending} onClose={() => setEnding(undefined)} />}
    </Page>
  );
}

function columns(onRevoke: ((one: Key) => void) | undefined, revoked: boolean): Column<Key>[] {
  return [
    { key: "name", title: t("app.name"), cell: (one) => <strong className="name">{one.name}</strong> },
    { key: "scope", title: t("keys.scope"), cell: (one) => t(`keys.scope.${one.scope}`) },
    {
      key: "used",
      title: t("keys.used"),
      cell: (one) =>
        one.used_at ? <When wall at={one.used_at} /> : <span className="soft">{t("keys.used.never")}</span>,
    },
    {
      key: "pace",
      title: t("keys.pace"),
      cell: (one) => one.per_second?.toLocaleString() ?? <span className="soft">{t("keys.pace.none")}</span>,
      wideOnly: true,
    },
    { key: "maker", title: t("keys.made_by"), cell: (one) => one.maker ?? madeBy(one.made_by), wideOnly: true },
    { key: "created", title: t("keys.created"), cell: (one) => day(one.created_at), wideOnly: true },
    ...(revoked
      ? [
          {
            key: "state",
            title: t("team.state"),
            cell: (one: Key) =>
              one.revoked_at ? (
                <Mark tone="calm">{t("keys.state.revoked")}</Mark>
              ) : (
                <Mark tone="good">{t("keys.state.valid")}</Mark>
              ),
          },
        ]
      : []),
    {
      key: "revoke",
      title: "",
      right: true,
      cell: (one) =>
        onRevoke && !one.revoked_at ? (
          <Button
            variant="default"
            size="xs"
            aria-label={t("keys.revoke.of", { name: one.name })}
            onClick={() => onRevoke(one)}
          >
            {t("keys.revoke")}
          </Button>
        ) : null,
    },
  ];
}

const madeBy = (by: string): string => (by === "command" ? t("keys.maker.command") : by);

function Revoke({ one, onClose }: { one: Key; onClose: () => void }) {
  const proved = useProved();
  const client = useQueryClient();
  const revoke = async () => {
    const gone = await proved.run(async () => {
      await ask(api.DELETE("/api/v1/keys/{key}", { params: { path: { key: one.id } } }));
      return true;
    });
    await client.invalidateQueries({ queryKey: KEYS });
    if (!gone) return;
    onClose();
    done(t("keys.revoked", { name: one.name }));
  };
  return (
    <>
      <Sure
        opened={!proved.proving}
        title={t("keys.revoke.title", { name: one.name })}
        text={t("keys.revoke.text", { name: one.name })}
        act={t("keys.revoke")}
        busy={proved.busy}
        onClose={onClose}
        onSure={revoke}
      >
        <p className="soft small">
          {t("keys.used")}: {one.used_at ? <When wall at={one.used_at} /> : t("keys.used.never")}
        </p>
      </Sure>
      {proved.dialog}
    </>
  );
}
