import { IconPlus, IconTags } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Channel } from "@/ui/Channel";
import { Button } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Page, Panel } from "@/ui/Page";
import { Empty } from "@/ui/State";
import { Table } from "@/ui/Table";
import { useBack } from "./back";
import TopicForm from "./topics/Form";
import { titleOf, useTopics } from "./topics/topic";

/** What people can want or not. */
export default function Topics() {
  const { item } = useParams({ strict: false });
  return item ? <TopicForm key={item} name={item} /> : <List />;
}

function List() {
  const topics = useTopics();
  const mayWrite = useMay("settings.write");
  const add = (
    <Button component={Link} to="/settings/topics/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {t("topic.add")}
    </Button>
  );
  return (
    <Page
      title={t("settings.topics")}
      back={useBack()}
      actions={mayWrite && topics.data?.topics.length ? add : undefined}
    >
      <p className="soft settings-about">{t("settings.topics.about")}</p>
      <Panel>
        <Table
          label={t("settings.topics")}
          rows={topics.data?.topics}
          error={topics.error}
          refetch={topics.refetch}
          id={(one) => one.name}
          link={(one) => `/settings/topics/${encodeURIComponent(one.name)}`}
          empty={
            <Empty
              icon={<IconTags size={32} aria-hidden />}
              title={t("topic.none")}
              text={t("topic.none.text")}
              action={mayWrite ? add : undefined}
            />
          }
          columns={[
            { key: "title", title: t("topic.title"), cell: titleOf, width: "26%" },
            { key: "name", title: t("app.name"), cell: (one) => <code>{one.name}</code>, wideOnly: true },
            { key: "state", title: t("topic.state"), cell: (one) => t(`topic.${one.state}`) },
            {
              key: "channels",
              title: t("topic.channels"),
              cell: (one) =>
                one.channels.length ? (
                  <span className="with-channel">
                    {one.channels.map((channel) => (
                      <Channel key={channel} name={channel} />
                    ))}
                  </span>
                ) : (
                  t("topic.channels.all")
                ),
              wideOnly: true,
            },
            { key: "needs", title: t("topic.needs"), cell: (one) => t(`topic.needs.${one.needs}`) },
            {
              key: "critical",
              title: t("topic.rank"),
              cell: (one) => (
                <Mark tone={one.critical ? "warn" : "calm"}>{t(one.critical ? "topic.urgent" : "topic.usual")}</Mark>
              ),
            },
          ]}
        />
      </Panel>
    </Page>
  );
}
