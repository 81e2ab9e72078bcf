import { IconBan, IconCheck, IconClock, IconPlayerPause, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { now as productTime } from "@/lib/company";
import { day } from "@/lib/format";
import { locale, say, t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { channelName } from "@/ui/Channel";
import { Button, Popover, Tooltip } from "@/ui/controls";
import { type Cell, type PersonPage, sourceName } from "./people";

type Said = "wanted" | "unwanted" | "unset" | "paused" | "resumed";
const PAUSE_DAYS = 30;
const SIGNS = { yes: IconCheck, no: IconX, not_yet: IconClock, paused: IconPlayerPause } as const;

export const topicName = (cell: Cell): string => cell.titles[locale] ?? cell.titles.en ?? cell.topic;

/** One topic on one channel: what would happen to a message now, who said so, and what may be said instead. */
export function ConsentCell(props: { who: string; cell: Cell }) {
  const { cell } = props;
  const [opened, setOpened] = useState(false);
  const sentence = answerOf(cell);
  const name = t("people.consent", { topic: topicName(cell), channel: channelName(cell.channel) });
  const Sign =
    cell.blocked && cell.answer === "no" && cell.allowed ? IconBan : SIGNS[cell.answer as keyof typeof SIGNS];
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom"
      withArrow
      trapFocus
      returnFocus
      width={280}
      transitionProps={{ duration: 0 }}
    >
      <Popover.Target>
        <Tooltip label={`${sentence} · ${provenanceOf(cell)}`} disabled={opened} multiline maw={280}>
          <button
            type="button"
            className="consent"
            data-answer={cell.answer}
            data-said={cell.why === "stated" || undefined}
            aria-label={`${name}: ${sentence}`}
            onClick={() => setOpened(!opened)}
          >
            {Sign && <Sign size={16} stroke={2.2} aria-hidden />}
          </button>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown aria-label={name}>
        <strong>{name}</strong>
        <p className="consent-says">{sentence}</p>
        <p className="soft small consent-says">{provenanceOf(cell)}</p>
        <Choices who={props.who} cell={cell} onDone={() => setOpened(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Choices(props: { who: string; cell: Cell; onDone: () => void }) {
  const { cell } = props;
  const prefer = usePrefer(props.who);
  const mayWrite = useMay("people.write");
  if (!mayWrite) return null;
  const now = saidOf(cell);
  const choices: Said[] = ["wanted", "unwanted", "unset", cell.answer === "paused" ? "resumed" : "paused"];
  return (
    <div className="consent-choices">
      {choices.map((said) => (
        <Button
          key={said}
          size="compact-sm"
          variant={said === now ? "light" : "default"}
          aria-pressed={said === now}
          onClick={() => {
            props.onDone();
            void prefer.run({ cell, said });
          }}
        >
          {t(`people.say.${said}`)}
        </Button>
      ))}
    </div>
  );
}

type Input = { cell: Cell; said: Said };

function usePrefer(who: string) {
  const change = useChange({
    key: ["person", who],
    act: ({ cell, said }: Input) => {
      const until = said === "paused" ? new Date(productTime() + PAUSE_DAYS * 86_400_000).toISOString() : undefined;
      const body = { topic: cell.topic, channel: cell.channel, state: said, until };
      return ask(api.PUT("/api/v1/profiles/{who}/preferences", { params: { path: { who: named(who) } }, body }));
    },
    now: (before: PersonPage, input) => ({
      ...before,
      grid: before.grid.map((each) =>
        each.topic === input.cell.topic && each.channel === input.cell.channel ? after(each, input.said) : each,
      ),
    }),
    said: ({ cell }) => t("people.consent.changed", { topic: topicName(cell), channel: channelName(cell.channel) }),
    undo: (_, { cell, said }): unknown =>
      change.run({ cell, said: said === "paused" ? "resumed" : said === "resumed" ? "paused" : saidOf(cell) }),
  });
  return change;
}

/** How it will look; what else stands in the way is found out when the page comes anew. */
function after(cell: Cell, said: Said): Cell {
  if (said === "paused") return { ...cell, answer: cell.answer === "yes" ? "paused" : cell.answer };
  if (said === "resumed") return { ...cell, answer: cell.answer === "paused" ? "yes" : cell.answer };
  if (said === "wanted") return { ...cell, answer: cell.blocked ? "no" : "yes", allowed: true, why: "stated" };
  if (said === "unwanted") return { ...cell, answer: "no", allowed: false, reason: "unwanted", why: "stated" };
  return { ...cell, why: "topic" };
}

/** What was said of it before. */
function saidOf(cell: Cell): "wanted" | "unwanted" | "unset" {
  if (cell.why !== "stated") return "unset";
  return cell.reason === "unwanted" ? "unwanted" : "wanted";
}

const named = (who: string): string => (/^\d+$/.test(who) ? `id:${who}` : who);

function answerOf(cell: Cell): string {
  if (cell.answer === "paused" && cell.paused_until) return t("people.answer.paused", { day: day(cell.paused_until) });
  if (cell.allowed && cell.blocked) return say(`people.blocked.${cell.blocked}`, cell.blocked);
  if (cell.answer === "not_yet") return t("people.answer.not_yet");
  return cell.answer === "yes" ? t("people.answer.yes") : t("people.answer.no");
}

function provenanceOf(cell: Cell): string {
  if (!cell.said_at) return say(`people.why.${cell.why}`, cell.why);
  const how = cell.said_how ? say(`people.how.${cell.said_how}`, cell.said_how) : "";
  return [t("people.said", { day: day(cell.said_at) }), how, cell.said_by && sourceName(cell.said_by)]
    .filter(Boolean)
    .join(" · ");
}
