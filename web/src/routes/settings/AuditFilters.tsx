import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { NativeSelect, Select, TextInput } from "@/ui/controls";
import { ACTS, done } from "./audit";

/** As the API asks for it; times in RFC 3339. */
export type Asked = { actor?: string; act?: string; from?: string; to?: string };
type Chosen = { actor: string; act: string; from: string; to: string };

const KINDS = ["staff", "key", "command", "nobody"] as const;

/** In the address stand days, of the calendar of who looks; `to` is the last day, and counts. */
export function useAsked() {
  const [actor, setActor] = useUrlState("actor", "");
  const [act, setAct] = useUrlState("act", "");
  const [from, setFrom] = useUrlState("from", "");
  const [to, setTo] = useUrlState("to", "");
  const asked: Asked = {
    actor: actor || undefined,
    act: act || undefined,
    from: midnight(from, 0),
    to: midnight(to, 1),
  };
  const set = { actor: setActor, act: setAct, from: setFrom, to: setTo };
  const clear = () => {
    for (const one of Object.values(set)) one("");
  };
  return { asked, set: { ...set, chosen: { actor, act, from, to } }, clear, any: !!(actor || act || from || to) };
}

function midnight(day: string, later: number): string | undefined {
  const [year, month, date] = day.split("-").map(Number);
  if (!year || !month || !date) return undefined;
  const at = new Date(year, month - 1, date + later);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

type Setters = Record<keyof Chosen, (next: string) => void> & { chosen: Chosen };

export function Filters({ set }: { set: Setters }) {
  const { chosen } = set;
  return (
    <search className="audit-filters" aria-label={t("settings.audit")}>
      <Who value={chosen.actor} onChange={set.actor} />
      <Select
        label={t("log.act")}
        placeholder={t("log.act.any")}
        searchable
        clearable
        value={chosen.act || null}
        data={acts()}
        onChange={(value) => set.act(value ?? "")}
      />
      <TextInput
        type="date"
        label={t("log.from")}
        value={chosen.from}
        max={chosen.to || undefined}
        onChange={(event) => set.from(event.currentTarget.value)}
      />
      <TextInput
        type="date"
        label={t("log.to")}
        value={chosen.to}
        min={chosen.from || undefined}
        onChange={(event) => set.to(event.currentTarget.value)}
      />
    </search>
  );
}

/** Colleagues and keys by name, where whoever looks may see them; else whoever stands in the address. */
function Who(props: { value: string; onChange: (next: string) => void }) {
  const mayTeam = useMay("team.read");
  const mayKeys = useMay("developer.read");
  const staff = useQuery({
    queryKey: ["staff", "all"],
    enabled: mayTeam,
    queryFn: () => ask(api.GET("/api/v1/staff", { params: { query: { limit: 200 } } })),
  });
  const keys = useQuery({ queryKey: ["keys"], enabled: mayKeys, queryFn: () => ask(api.GET("/api/v1/keys")) });
  const named = [
    ...(staff.data?.staff ?? []).map((one) => ({ value: `staff:${one.id}`, label: one.name })),
    ...(keys.data?.keys ?? []).map((one) => ({
      value: `key:${one.id}`,
      label: t("log.actor.key_named", { name: one.name }),
    })),
  ];
  const kinds: { value: string; label: string }[] = KINDS.map((kind) => ({
    value: kind,
    label: t(`log.actor.${kind}`),
  }));
  const known = !props.value || [...kinds, ...named].some((one) => one.value === props.value);
  return (
    <NativeSelect
      label={t("log.actor")}
      value={props.value}
      data={[
        { value: "", label: t("log.actor.any") },
        ...kinds,
        ...named,
        ...(known ? [] : [{ value: props.value, label: props.value }]),
      ]}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}

const acts = () =>
  Object.entries(ACTS).map(([area, verbs]) => {
    const group = say(`log.area.${area}`, area);
    return {
      group,
      items: [
        ...(verbs.length > 1 ? [{ value: area, label: t("log.all_of", { area: group }) }] : []),
        ...verbs.map((verb) => ({ value: `${area}.${verb}`, label: done(`${area}.${verb}`) })),
      ],
    };
  });
