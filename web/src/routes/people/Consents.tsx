import { t } from "@/lib/i18n";
import { Channel } from "@/ui/Channel";
import { Panel } from "@/ui/Page";
import { ConsentCell, topicName } from "./ConsentCell";
import type { PersonPage } from "./people";

const CHANNELS = ["email", "sms", "push", "chat", "voice"];

/** What may be sent where: each topic on each channel, with who said so. */
export function Consents(props: { who: string; page: PersonPage }) {
  const { grid } = props.page;
  const topics = [...new Set(grid.map((cell) => cell.topic))];
  const channels = CHANNELS.filter((channel) => grid.some((cell) => cell.channel === channel));
  if (!grid.length)
    return (
      <Panel title={t("people.consents")}>
        <p className="soft none">{t("people.consents.none")}</p>
      </Panel>
    );
  return (
    <Panel title={t("people.consents")}>
      <table className="consents">
        <thead>
          <tr>
            <th scope="col">
              <span className="unseen">{t("people.topic")}</span>
            </th>
            {channels.map((channel) => (
              <th key={channel} scope="col">
                <Channel name={channel} bare />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {topics.map((topic) => {
            const cells = grid.filter((cell) => cell.topic === topic);
            const [first] = cells;
            return (
              <tr key={topic}>
                <th scope="row">{first ? topicName(first) : topic}</th>
                {channels.map((channel) => {
                  const cell = cells.find((each) => each.channel === channel);
                  return <td key={channel}>{cell && <ConsentCell who={props.who} cell={cell} />}</td>;
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </Panel>
  );
}
