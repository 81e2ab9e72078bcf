import "./merge.css";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { list, percent } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { Button, Modal, TextInput } from "@/ui/controls";
import { Failed, Waiting } from "@/ui/State";
import { MergePreviewed } from "./MergePreviewed";
import { useNarrow } from "./narrow";
import { type Identifier, nameOf, type PersonPage } from "./people";

type Other = { id: string; name: string; identifiers: Identifier[] };

/** Who may be the same customer; then how the two would look as one. */
export default function Merge(props: { who: string; page: PersonPage; onClose: () => void }) {
  const [other, setOther] = useState<Other>();
  const narrow = useNarrow();
  return (
    <Modal
      opened
      onClose={props.onClose}
      size="xl"
      fullScreen={narrow}
      title={t("people.merge.title", { name: nameOf(props.page, props.page.id) })}
    >
      {other ? (
        <MergePreviewed {...props} other={other.id} onBack={() => setOther(undefined)} />
      ) : (
        <Choose {...props} onChoose={setOther} />
      )}
    </Modal>
  );
}

function Choose(props: { page: PersonPage; onChoose: (other: Other) => void }) {
  const who = `id:${props.page.id}`;
  const [q, setQ] = useState("");
  const likely = useQuery({
    queryKey: ["person", props.page.id, "duplicates"],
    queryFn: () => ask(api.GET("/api/v1/profiles/{who}/duplicates", { params: { path: { who } } })),
  });
  const found = useQuery({
    queryKey: ["people", "found", q],
    queryFn: () => ask(api.GET("/api/v1/profiles", { params: { query: { q, limit: 8 } } })),
    enabled: q.trim().length > 1,
  });
  const apart = useChange({
    key: ["person"],
    act: (from: string) => ask(api.POST("/api/v1/profiles/{who}/apart", { params: { path: { who } }, body: { from } })),
    said: () => t("people.apart.done"),
  });
  const others = found.data?.profiles.filter((one) => one.id !== props.page.id) ?? [];
  return (
    <div className="merge-choose">
      <TextInput
        label={t("people.merge.search")}
        placeholder={t("people.search.hint")}
        type="search"
        value={q}
        onChange={(event) => setQ(event.currentTarget.value)}
        data-autofocus
      />
      {q.trim().length > 1 ? (
        found.data && !others.length ? (
          <p className="soft none">{t("people.none.found", { q: q.trim() })}</p>
        ) : (
          <ul className="rows">
            {others.map((one) => (
              <Candidate key={one.id} one={one} onChoose={props.onChoose} />
            ))}
          </ul>
        )
      ) : likely.error ? (
        <Failed error={likely.error} retry={() => void likely.refetch()} />
      ) : !likely.data ? (
        <Waiting rows={2} height={56} />
      ) : (
        <ul className="rows">
          {likely.data.duplicates.map((pair) => {
            const one = pair.profiles.find((each) => each.id !== props.page.id);
            if (!one) return null;
            const why = list(pair.reasons.map((reason) => say(`people.likeness.${reason.what}`, reason.says)));
            return (
              <Candidate key={one.id} one={one} onChoose={props.onChoose} why={`${percent(pair.score)} · ${why}`}>
                <Button size="compact-sm" variant="subtle" onClick={() => void apart.run(`id:${one.id}`)}>
                  {t("people.apart")}
                </Button>
              </Candidate>
            );
          })}
          {!likely.data.duplicates.length && <li className="soft">{t("people.merge.none")}</li>}
        </ul>
      )}
    </div>
  );
}

function Candidate(props: { one: Other; onChoose: (other: Other) => void; why?: string; children?: React.ReactNode }) {
  const { one } = props;
  return (
    <li>
      <div className="grows">
        <b>{nameOf(one, one.id)}</b>
        <div className="small soft">{one.identifiers.map((each) => each.value).join(" · ")}</div>
        {props.why && <div className="small soft num">{props.why}</div>}
      </div>
      {props.children}
      <Button
        size="compact-sm"
        variant="default"
        aria-label={t("people.merge.compare_with", { name: nameOf(one, one.id) })}
        onClick={() => props.onChoose(one)}
      >
        {t("people.merge.compare")}
      </Button>
    </li>
  );
}
