import { IconMessage2, IconPlus, IconSearch } from "@tabler/icons-react";
import { lazy, Suspense, useDeferredValue } from "react";
import { api, ask } from "@/lib/api";
import { list } from "@/lib/format";
import { t } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { usePages } from "@/lib/pages";
import type { components } from "@/lib/schema";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Channel, channelName } from "@/ui/Channel";
import { Button, Select, TextInput } from "@/ui/controls";
import { Page, Panel } from "@/ui/Page";
import { Empty } from "@/ui/State";
import { type Column, Table } from "@/ui/Table";
import { When } from "@/ui/When";
import { State } from "./Badge";
import { CHANNELS } from "./document";
import "./messages.css";
import { RowMenu } from "./RowMenu";
import { useTopics } from "./Topic";
import { languageName } from "./words";

export type Card = components["schemas"]["MessageCard"];
const NewMessage = lazy(() => import("./NewMessage"));
const STATES = ["draft", "published", "archived"] as const;

export default function Messages() {
  const [q, setQ] = useUrlState("q", "");
  const [topic, setTopic] = useUrlState("topic", "");
  const [channel, setChannel] = useUrlState("channel", "");
  const [state, setState] = useUrlState("state", "");
  const [making, setMaking] = useUrlState("new", false);
  const may = useMay("messages.write");
  const topics = useTopics();
  const asked = { q: useDeferredValue(q.trim()), topic, channel, state };
  const rows = usePages(["messages", asked], async (cursor) => {
    const page = await ask(api.GET("/api/v1/messages", { params: { query: { ...asked, cursor, limit: 50 } } }));
    return { rows: page.messages, next: page.cursor };
  });
  useShortcuts(may ? [{ keys: "n", label: t("messages.new"), run: () => setMaking(true) }] : []);
  const filtered = Object.values(asked).some(Boolean);
  const add = may ? (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>
      {t("messages.new")}
    </Button>
  ) : undefined;
  const clear = (
    <Button variant="default" onClick={() => [setQ, setTopic, setChannel, setState].forEach((set) => void set(""))}>
      {t("messages.filter.clear")}
    </Button>
  );
  return (
    <Page title={t("messages.title")} actions={add}>
      <search className="filters">
        <TextInput
          className="wide"
          aria-label={t("messages.filter.q")}
          placeholder={t("messages.filter.q")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={q}
          onChange={(event) => setQ(event.currentTarget.value)}
        />
        <Filter
          label={t("messages.topic")}
          value={topic}
          onChange={setTopic}
          options={topics.map((one) => [one, one])}
        />
        <Filter
          label={t("messages.channel")}
          value={channel}
          onChange={setChannel}
          options={CHANNELS.map((one) => [one, channelName(one)])}
        />
        <Filter
          label={t("messages.state")}
          value={state}
          onChange={setState}
          options={STATES.map((one) => [one, t(`messages.state.${one}`)])}
        />
      </search>
      <Panel className="messages-list">
        <Table
          label={t("messages.title")}
          {...rows}
          id={(one) => one.id}
          link={(one) => `/messages/${one.id}`}
          columns={columns(may)}
          empty={
            filtered ? (
              <Empty title={t("messages.filter.none")} action={clear} />
            ) : (
              <Empty
                icon={<IconMessage2 size={36} aria-hidden />}
                title={t("messages.none")}
                text={t("messages.none.text")}
                action={add}
              />
            )
          }
        />
      </Panel>
      <Suspense>{making && may && <NewMessage onClose={() => setMaking(false)} />}</Suspense>
    </Page>
  );
}

function columns(may: boolean): Column<Card>[] {
  const all: Column<Card>[] = [
    { key: "name", title: t("app.name"), cell: (one) => one.name },
    { key: "topic", title: t("messages.topic"), cell: (one) => one.topic || "–" },
    { key: "channels", title: t("messages.channels"), cell: (one) => <Channels names={one.channels} /> },
    { key: "locales", title: t("messages.languages"), cell: (one) => <Locales tags={one.locales} />, wideOnly: true },
    { key: "state", title: t("messages.state"), cell: (one) => <State view={one} /> },
    {
      key: "version",
      title: t("messages.version.head"),
      cell: (one) => (one.version ? one.version : "–"),
      right: true,
      wideOnly: true,
    },
    { key: "updated", title: t("messages.updated"), cell: (one) => <When at={one.updated_at} /> },
  ];
  if (may) all.push({ key: "acts", title: "", cell: (one) => <RowMenu card={one} />, width: "44px" });
  return all;
}

function Channels(props: { names: string[] }) {
  return (
    <span className="channels">
      {CHANNELS.filter((one) => props.names.includes(one)).map((one) => (
        <Channel key={one} name={one} bare />
      ))}
      {props.names.length === 0 && "–"}
    </span>
  );
}

const Locales = (props: { tags: string[] }) => <span>{list(props.tags.map(languageName)) || "–"}</span>;

function Filter(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: (readonly [string, string])[];
}) {
  const options = props.options.map(([value, label]) => ({ value, label }));
  if (props.value && !options.some((one) => one.value === props.value))
    options.push({ value: props.value, label: props.value });
  return (
    <Select
      aria-label={props.label}
      placeholder={props.label}
      data={options}
      value={props.value || null}
      clearable
      clearButtonProps={{ "aria-label": t("messages.filter.drop", { what: props.label }) }}
      onChange={(value) => props.onChange(value ?? "")}
    />
  );
}
