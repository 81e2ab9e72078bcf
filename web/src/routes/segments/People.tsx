import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Combobox, TextInput, useCombobox } from "@/ui/controls";
import type { PersonRow } from "./segments";

export const nameOf = (one: PersonRow): string => one.name || one.identifier?.value || one.id;

/** Somebody is looked for by what they are called or known by, and chosen. */
export function FindPerson(props: { label: string; onChoose: (one: PersonRow) => void; keep?: boolean }) {
  const [q, setQ] = useState("");
  const wanted = useDeferredValue(q.trim());
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const query = useQuery({
    queryKey: ["people", "find", wanted],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/people", { params: { query: { q: wanted, limit: 12 } }, signal })),
    enabled: wanted.length > 1,
    placeholderData: (before) => before,
  });
  const found = wanted.length > 1 ? (query.data?.people ?? []).filter((one) => one.identifier) : [];
  return (
    <Combobox
      store={box}
      onOptionSubmit={(id) => {
        const one = found.find((each) => each.id === id);
        box.closeDropdown();
        if (!one) return;
        setQ(props.keep ? nameOf(one) : "");
        props.onChoose(one);
      }}
    >
      <Combobox.Target>
        <TextInput
          label={props.label}
          placeholder={t("segments.find.hint")}
          value={q}
          onChange={(event) => {
            setQ(event.currentTarget.value);
            box.openDropdown();
            box.updateSelectedOptionIndex();
          }}
          onFocus={() => wanted && box.openDropdown()}
          onBlur={() => box.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={wanted.length < 2}>
        <Combobox.Options aria-label={props.label}>
          {found.map((one) => (
            <Combobox.Option key={one.id} value={one.id}>
              {nameOf(one)} {one.name && <span className="soft small">{one.identifier?.value}</span>}
            </Combobox.Option>
          ))}
          {!found.length && !query.isFetching && <Combobox.Empty>{t("segments.find.none")}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
