import { IconUserMinus } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t, tn } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Channel } from "@/ui/Channel";
import { Button, Modal, Select, Textarea } from "@/ui/controls";
import { IconButton } from "@/ui/IconButton";
import { Panel } from "@/ui/Page";
import { Empty, Failed } from "@/ui/State";
import { VirtualList, type Where } from "@/ui/VirtualList";
import { FindPerson, nameOf } from "./People";
import type { PersonRow, SegmentPage } from "./segments";

type Who = { kind: string; value: string };

const load = (segment: string) => async (where: Where) => {
  const query = { segment, cursor: where.cursor, at: where.cursor ? undefined : where.at };
  const page = await ask(api.GET("/api/v1/people", { params: { query } }));
  return { rows: page.people, next: page.cursor, previous: page.previous, position: page.position, total: page.total };
};

/** Whoever is in, any number of them. Of a list they are put in and taken out here. */
export function Members({ one }: { one: SegmentPage }) {
  const edits = useMay("segments.write") && one.kind === "list" && one.state === "live";
  const { put, take } = useListed(one);
  const [pasting, setPasting] = useState(false);
  return (
    <Panel>
      {edits && (
        <div className="adding">
          <FindPerson label={t("segments.list.add")} onChoose={(person) => void put.run(whoOf(person))} />
          <Button variant="default" onClick={() => setPasting(true)}>
            {t("segments.list.paste")}
          </Button>
          <Paste one={one} opened={pasting} close={() => setPasting(false)} />
        </div>
      )}
      <VirtualList
        label={t("segments.tab.people")}
        queryKey={["people", "of", one.id]}
        load={load(one.id)}
        id={(person) => person.id}
        row={(person) => <Line person={person} take={edits ? () => void take.run(whoOf(person)) : undefined} />}
        rowHeight={44}
        empty={
          <Empty
            title={t("segments.members.none")}
            text={t(edits ? "segments.list.none" : "segments.members.none.text")}
          />
        }
      />
    </Panel>
  );
}

const whoOf = (person: PersonRow): Who[] =>
  person.identifier ? [{ kind: person.identifier.kind, value: person.identifier.value }] : [];

function useListed(one: SegmentPage) {
  const path = { params: { path: { segment: one.id } } };
  const shared = { key: ["people", "of", one.id], also: [["segments"]] };
  const change = (method: "PUT" | "DELETE") => (people: Who[]) => {
    const options = { ...path, body: { people, skip_unknown: true } };
    return ask(
      method === "PUT"
        ? api.PUT("/api/v1/lists/{segment}/members", options)
        : api.DELETE("/api/v1/lists/{segment}/members", options),
    );
  };
  const back = useChange({
    ...shared,
    act: ({ people, method }: { people: Who[]; method: "PUT" | "DELETE" }) => change(method)(people),
  });
  const put = useChange({
    ...shared,
    act: change("PUT"),
    said: (_, done) => tn("segments.list.added", done.changed),
    undo: (_, people) => back.run({ people, method: "DELETE" }),
  });
  const take = useChange({
    ...shared,
    act: change("DELETE"),
    said: (_, done) => tn("segments.list.removed", done.changed),
    undo: (_, people) => back.run({ people, method: "PUT" }),
  });
  return { put, take };
}

function Line(props: { person: PersonRow; take?: () => void }) {
  const { person } = props;
  return (
    <div className="member">
      <Link to="/people/$who" params={{ who: person.id }}>
        {nameOf(person)}
      </Link>
      <span className="soft small hide-phone">{person.name ? person.identifier?.value : ""}</span>
      <span className="signs">
        {person.channels.map((channel) => (
          <Channel key={channel} name={channel} bare />
        ))}
      </span>
      {props.take && (
        <IconButton label={t("segments.list.remove", { name: nameOf(person) })} Icon={IconUserMinus} run={props.take} />
      )}
    </div>
  );
}

const KINDS = ["email", "phone", "external_id"] as const;
const AT_ONCE = 10_000;

function Paste(props: { one: SegmentPage; opened: boolean; close: () => void }) {
  const [kind, setKind] = useState<string>("email");
  const [text, setText] = useState("");
  const [unknown, setUnknown] = useState<Who[]>([]);
  const client = useQueryClient();
  const change = useChange({
    key: ["people", "of", props.one.id],
    quiet: true,
    act: (people: Who[]) =>
      ask(
        api.PUT("/api/v1/lists/{segment}/members", {
          params: { path: { segment: props.one.id } },
          body: { people, skip_unknown: true },
        }),
      ),
    said: (_, done) => tn("segments.list.added", done.changed),
  });
  const people = text
    .split(/[\n,;\t]+/)
    .map((one) => one.trim())
    .filter(Boolean)
    .map((value) => ({ kind, value }));
  const add = async () => {
    const done = await change.run(people.slice(0, AT_ONCE));
    if (!done) return;
    void client.invalidateQueries({ queryKey: ["segments"] });
    setUnknown(done.unknown);
    setText("");
    if (!done.unknown.length) props.close();
  };
  return (
    <Modal opened={props.opened} onClose={props.close} title={t("segments.list.paste")}>
      <div className="fields">
        <Select
          label={t("segments.list.by")}
          allowDeselect={false}
          data={KINDS.map((one) => ({ value: one, label: t(`segments.list.by.${one}`) }))}
          value={kind}
          onChange={(next) => setKind(next ?? "email")}
        />
        <Textarea
          label={t("segments.list.who")}
          description={t("segments.list.who.hint")}
          autosize
          minRows={6}
          maxRows={14}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {change.problem && <Failed error={change.problem} />}
        {unknown.length > 0 && (
          <div role="status" className="small">
            <b>{tn("segments.list.unknown", unknown.length)}</b>
            <p className="soft">
              {unknown
                .slice(0, 20)
                .map((one) => one.value)
                .join(", ")}
            </p>
          </div>
        )}
        <div>
          <Button loading={change.busy} disabled={!people.length || people.length > AT_ONCE} onClick={() => void add()}>
            {tn("segments.list.add_n", people.length)}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
