import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { t } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { CloseButton, Select, TextInput } from "@/ui/controls";
import { EVERYBODY, segmentsQuery } from "./people";

const PAUSE_MS = 180;

/** Who is shown. What is typed goes into the address when there is a pause. */
export function Filters(props: {
  q: string;
  onSearch: (q: string) => void;
  segment: string;
  onSegment: (segment: string) => void;
  sort: string;
  onSort: (sort: string) => void;
}) {
  const segments = useQuery(segmentsQuery).data?.segments.filter((one) => one.state === "live") ?? [];
  return (
    <div className="people-filters">
      <Search q={props.q} onSearch={props.onSearch} />
      <Select
        aria-label={t("people.segment")}
        placeholder={t("people.segment.known")}
        data={[
          { value: EVERYBODY, label: t("people.segment.all") },
          ...segments.map((one) => ({ value: one.id, label: one.name })),
        ]}
        value={props.segment || null}
        onChange={(value) => props.onSegment(value ?? "")}
        searchable
        clearable
        clearButtonProps={{ "aria-label": t("people.segment.known") }}
        nothingFoundMessage={t("app.none")}
      />
      <Select
        aria-label={t("app.sort")}
        data={[
          { value: "newest", label: t("people.sort.newest") },
          { value: "oldest", label: t("people.sort.oldest") },
        ]}
        value={props.sort}
        allowDeselect={false}
        disabled={!!props.q}
        onChange={(value) => props.onSort(value ?? "newest")}
      />
    </div>
  );
}

function Search(props: { q: string; onSearch: (q: string) => void }) {
  const [text, setText] = useState(props.q);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const told = useRef(props.q);
  useEffect(() => {
    if (props.q !== told.current) setText(props.q); // from elsewhere: back, or "clear"
    told.current = props.q;
  }, [props.q]);
  useEffect(() => () => clearTimeout(timer.current), []);
  useShortcuts([{ keys: "f", label: t("people.search"), run: () => input.current?.focus() }]);
  const say = (next: string, pause: number) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      told.current = next.trim();
      props.onSearch(next.trim());
    }, pause);
  };
  return (
    <TextInput
      ref={input}
      type="search"
      aria-label={t("people.search")}
      placeholder={t("people.search.hint")}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={text && <CloseButton size="sm" aria-label={t("people.search.clear")} onClick={() => say("", 0)} />}
      value={text}
      onChange={(event) => say(event.currentTarget.value, PAUSE_MS)}
      onKeyDown={(event) => {
        if (event.key === "Escape" && text) say("", 0);
        if (event.key === "ArrowDown" || event.key === "Enter") {
          event.preventDefault();
          document.querySelector<HTMLElement>(".people-list .window a")?.focus();
        }
      }}
    />
  );
}
