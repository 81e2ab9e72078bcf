import { IconUser } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Select } from "@/ui/controls";

const SAMPLE = "sample";

/** As whom it is looked at: somebody made up, or somebody who is there, found by name or address. */
export function As(props: { who: string; onWho: (who: string) => void; label?: string }) {
  const may = useMay("people.read");
  const [q, setQ] = useState("");
  const [asked, setAsked] = useState(false);
  const [named, setNamed] = useState<Record<string, string>>({});
  const found = usePeople(useDeferredValue(q.trim()), asked && may);
  const people = Object.fromEntries(found.map((one) => [one.value, one.label]));
  const all = { ...people, ...(props.who ? { [props.who]: named[props.who] ?? props.who } : {}) };
  return (
    <Select
      size="xs"
      className="as"
      aria-label={props.label ?? t("messages.as")}
      leftSection={<IconUser size={14} aria-hidden />}
      data={[
        { value: SAMPLE, label: t("messages.as.sample") },
        ...Object.entries(all).map(([value, label]) => ({ value, label })),
      ]}
      value={props.who || SAMPLE}
      searchable={may}
      allowDeselect={false}
      // What was found was found by the server, by more than its label.
      filter={({ options }) => options}
      nothingFoundMessage={t("messages.as.none")}
      onDropdownOpen={() => setAsked(true)}
      onSearchChange={(text) => setQ(Object.values(all).includes(text) || text === t("messages.as.sample") ? "" : text)}
      onChange={(value) => {
        if (value === null) return;
        setNamed((before) => ({ ...before, ...people }));
        props.onWho(value === SAMPLE ? "" : value);
      }}
    />
  );
}

type Found = { value: string; label: string };

function usePeople(q: string, enabled: boolean): Found[] {
  const query = useQuery({
    queryKey: ["people", "as", q],
    queryFn: () => ask(api.GET("/api/v1/people", { params: { query: { q, limit: 8 } } })),
    placeholderData: keepPreviousData,
    enabled,
  });
  return (query.data?.people ?? []).flatMap(({ identifier, name }) =>
    identifier ? [{ value: `${identifier.kind}:${identifier.value}`, label: name || identifier.value }] : [],
  );
}
