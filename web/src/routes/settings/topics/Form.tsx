import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Button, TextInput } from "@/ui/controls";
import { Page, Panel } from "@/ui/Page";
import { SchemaForm } from "@/ui/SchemaForm";
import { Empty, Waiting } from "@/ui/State";
import { same } from "../edits";
import { SaveBar } from "../SaveBar";
import { BLANK, schemaOf, TOPICS, type Topic, titleOf, useTopics } from "./topic";

type Kept = { topics: Topic[] };
const put = (body: Topic) => ask(api.PUT("/api/v1/topics", { body }));
const remove = async (name: string): Promise<boolean> => {
  await ask(api.DELETE("/api/v1/topics/{name}", { params: { path: { name } } }));
  return true;
};

/** One topic, as a whole. */
export default function TopicForm(props: { name: string }) {
  const topics = useTopics();
  const isNew = props.name === "new";
  const before = isNew ? BLANK : topics.data?.topics.find((one) => one.name === props.name);
  const title = isNew ? t("topic.add") : before ? titleOf(before) : props.name;
  if (!before)
    return (
      <Frame title={title}>
        {topics.data ? <Empty title={t("app.not_found")} /> : <Waiting rows={5} height={64} />}
      </Frame>
    );
  return <Form before={before} isNew={isNew} title={title} />;
}

const Frame = (props: { title: string; actions?: ReactNode; children: ReactNode }) => (
  <Page {...props} back={{ to: "/settings/topics", label: t("settings.topics") }} />
);

function Form(props: { before: Topic; isNew: boolean; title: string }) {
  const { before, isNew } = props;
  const [topic, setTopic] = useState(before);
  const mayWrite = useMay("settings.write");
  const navigate = useNavigate();
  const back = () => navigate({ to: "/settings/$page", params: { page: "topics" } });
  const save = useChange<Topic, Kept, Topic>({
    act: put,
    key: TOPICS,
    quiet: true,
    said: (kept) => t("topic.kept", { name: titleOf(kept) }),
    undo: (_list, kept): unknown => (isNew ? drop.run(kept.name) : save.run(before)),
  });
  const drop = useChange<string, Kept, boolean>({
    act: remove,
    key: TOPICS,
    said: () => t("topic.gone", { name: titleOf(before) }),
    undo: (): unknown => save.run(before),
  });
  const names = Object.keys(topic) as (keyof Topic)[];
  const n = names.filter((name) => !same(topic[name], before[name])).length;
  const keep = async () => {
    if ((await save.run({ ...topic, name: topic.name.trim() })) && isNew) await back();
  };
  return (
    <Frame
      title={props.title}
      actions={
        !isNew &&
        mayWrite && (
          <Button
            variant="default"
            loading={drop.busy}
            onClick={async () => {
              if (await drop.run(before.name)) await back();
            }}
          >
            {t("app.delete")}
          </Button>
        )
      }
    >
      <Panel>
        <div className="fields" style={{ maxWidth: 640 }}>
          <TextInput
            label={t("topic.name")}
            description={t("topic.name.help")}
            withAsterisk={isNew}
            disabled={!isNew || !mayWrite}
            value={topic.name}
            onChange={(event) => setTopic({ ...topic, name: event.currentTarget.value })}
            error={save.problem?.of("name")}
          />
          <SchemaForm
            schema={schemaOf()}
            value={topic}
            onChange={setTopic}
            problem={save.problem}
            disabled={!mayWrite}
          />
        </div>
      </Panel>
      <SaveBar
        n={n}
        busy={save.busy}
        problem={save.problem}
        onSave={() => void keep()}
        onDiscard={() => setTopic(before)}
      />
    </Frame>
  );
}
