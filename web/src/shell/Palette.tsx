import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { send } from "@/lib/api";
import { type Key, t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Combobox, Modal, TextInput, useCombobox } from "@/ui/controls";
import { usePlaces } from "./nav";

type Found = { to: string; label: string; kind: Key };

/** Go anywhere by its name: pages, people, campaigns, segments, messages. */
export default function Palette(props: { onClose: () => void }) {
  const [text, setText] = useState("");
  const navigate = useNavigate();
  const found = useFound(text.trim());
  const combobox = useCombobox({ opened: true });
  const shown = found.map((one) => one.to).join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first is chosen anew whenever what was found changes
  useEffect(() => void combobox.selectFirstOption(), [shown, text]);
  const go = (to: string) => {
    props.onClose();
    void navigate({ to });
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      withCloseButton={false}
      padding={8}
      yOffset="12vh"
      centered={false}
      aria-label={t("app.palette")}
    >
      <Combobox store={combobox} onOptionSubmit={go}>
        <Combobox.EventsTarget>
          <TextInput
            data-autofocus
            aria-label={t("app.palette")}
            placeholder={t("app.palette.hint")}
            leftSection={<IconSearch size={18} aria-hidden />}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              // typed faster than it could be marked: the first is meant
              if (event.key === "Enter" && combobox.getSelectedOptionIndex() < 0 && found[0]) go(found[0].to);
            }}
          />
        </Combobox.EventsTarget>
        <Combobox.Options mt={8} mah={360} style={{ overflowY: "auto" }} aria-label={t("app.palette")}>
          {found.map((one) => (
            <Combobox.Option key={one.to} value={one.to}>
              <span style={{ display: "flex", justifyContent: "space-between", gap: 12 }}>
                {one.label} <span className="soft">{t(one.kind)}</span>
              </span>
            </Combobox.Option>
          ))}
          {found.length === 0 && <Combobox.Empty>{t("app.palette.none")}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox>
    </Modal>
  );
}

function useFound(text: string): Found[] {
  const places = usePlaces().map((place): Found => ({ to: place.to, label: t(place.key), kind: "app.kind.page" }));
  const people = useNamed(
    "people",
    text,
    useMay("people.read") && text.length > 1,
    `/api/v1/profiles?limit=6&q=${encodeURIComponent(text)}`,
  );
  const campaigns = useNamed("campaigns", "", useMay("campaigns.read"), "/api/v1/campaigns");
  const segments = useNamed("segments", "", useMay("segments.read"), "/api/v1/segments");
  const messages = useNamed("messages", "", useMay("messages.read"), "/api/v1/messages");
  const named = (list: Named[], to: string, kind: Key) =>
    list.map((one): Found => ({ to: `${to}/${one.id}`, label: one.name, kind }));
  const all = [
    ...places,
    ...named(campaigns, "/campaigns", "app.kind.campaign"),
    ...named(segments, "/segments", "app.kind.segment"),
    ...named(messages, "/messages", "app.kind.message"),
  ].filter((one) => one.label.toLowerCase().includes(text.toLowerCase()));
  return [...all.slice(0, 12), ...named(people, "/people", "app.kind.person")];
}

type Named = { id: string; name: string };

/** Lists come as `{"campaigns": [...]}`; people under `profiles`, whose name may be missing. */
function useNamed(kind: string, text: string, enabled: boolean, path: string): Named[] {
  const query = useQuery({
    queryKey: ["palette", kind, text],
    enabled,
    queryFn: async (): Promise<Named[]> => {
      const said = (await (await send(path, {})).json()) as
        | Record<string, Record<string, string>[]>
        | Record<string, string>[];
      const rows = Array.isArray(said) ? said : (Object.values(said).find(Array.isArray) ?? []);
      return rows.map((row) => ({ id: String(row.id), name: String(row.name ?? row.title ?? row.id) }));
    },
    placeholderData: (before) => before,
  });
  return query.data ?? [];
}
