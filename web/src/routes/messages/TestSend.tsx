import "./dialogs.css";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Problem } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import { useMay, useSession } from "@/lib/session";
import { Channel, channelName } from "@/ui/Channel";
import { Button, Checkbox, Modal, Select, TagsInput } from "@/ui/controls";
import { Mark, type Tone } from "@/ui/Mark";
import { Failed } from "@/ui/State";
import { As } from "./As";
import { useComposing } from "./composer";
import { channelsOf } from "./document";
import type { Message } from "./useMessage";

type Sent = components["schemas"]["TestAnswer"]["sent"];

/** To oneself, to colleagues or to a few addresses, as it is written now; then what becomes of it. */
export default function TestSend(props: { id: string; message: Message; who: string; onClose: () => void }) {
  const { document, scope } = useComposing();
  const me = useSession()?.colleague;
  const [mine, setMine] = useState(true);
  const [addresses, setAddresses] = useState<string[]>([]);
  const [channel, setChannel] = useState("");
  const [who, setWho] = useState(props.who);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [sent, setSent] = useState<Sent>();
  const colleagues = useColleagues();
  const to = [...(mine ? ["me"] : []), ...addresses.map((address) => recipient(address, colleagues))];
  const send = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      await props.message.retry();
      const body = {
        to,
        as: who || { sample: true },
        channel: channel || null,
        locale: scope.locale,
        variant: scope.variant,
        draft: true,
        mark: true,
      };
      const path = { message: props.id };
      setSent((await ask(api.POST("/api/v1/messages/{message}/test", { params: { path }, body }))).sent);
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={props.onClose} title={t("messages.test")} size="md">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Checkbox
          label={t("messages.test.me", { email: me?.email ?? "" })}
          checked={mine}
          onChange={(event) => setMine(event.currentTarget.checked)}
        />
        <TagsInput
          label={t("messages.test.to")}
          description={t("messages.test.to.help")}
          value={addresses}
          onChange={setAddresses}
          data={colleagues.map((one) => one.name)}
          maxTags={5}
          splitChars={[",", " ", ";"].filter((one) => one !== " ")}
          acceptValueOnBlur
          clearButtonProps={{ "aria-label": t("messages.test.clear") }}
        />
        <Select
          label={t("messages.test.channel")}
          data={[
            { value: "", label: t("messages.test.every") },
            ...channelsOf(document).map((value) => ({ value, label: channelName(value) })),
          ]}
          value={channel}
          allowDeselect={false}
          onChange={(value) => setChannel(value ?? "")}
        />
        <div>
          <span className="as-label">{t("messages.as")}</span>
          <As who={who} onWho={setWho} />
        </div>
        {problem && <Failed error={problem} />}
        {sent && <Followed sent={sent} />}
        <div className="row end">
          <Button variant="default" onClick={props.onClose}>
            {sent ? t("app.close") : t("app.cancel")}
          </Button>
          <Button type="submit" loading={busy} disabled={to.length === 0}>
            {sent ? t("messages.test.again") : t("messages.test.send")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

type Colleague = { id: string; name: string };

function useColleagues(): Colleague[] {
  const me = useSession()?.colleague?.id;
  const query = useQuery({
    queryKey: ["staff"],
    queryFn: () => ask(api.GET("/api/v1/staff")),
    enabled: useMay("team.read"),
  });
  return (query.data?.staff ?? []).filter((one) => one.state === "active" && one.id !== me);
}

/** A colleague by name, an address as it is, anything else as a number. */
export function recipient(typed: string, colleagues: Colleague[]): string {
  const found = colleagues.find((one) => one.name === typed);
  if (found) return `colleague:${found.id}`;
  if (typed.includes(":")) return typed;
  return typed.includes("@") ? `email:${typed}` : `phone:${typed.replace(/[^\d+]/g, "")}`;
}

const OVER = new Set(["delivered", "read", "failed", "expired", "cancelled", "superseded", "dropped"]);
const TONES: Record<string, Tone> = {
  delivered: "good",
  read: "good",
  sent: "live",
  accepted: "live",
  failed: "bad",
  expired: "bad",
  dropped: "bad",
  in_doubt: "warn",
};
const SECOND_MS = 1_000;

function Followed(props: { sent: Sent }) {
  const queries = useQueries({
    queries: props.sent.map((one) => ({
      queryKey: ["notification", one.notification],
      queryFn: () =>
        ask(api.GET("/api/v1/notifications/{notification}", { params: { path: { notification: one.notification } } })),
      refetchInterval: (query: { state: { data?: components["schemas"]["NotificationView"] } }) =>
        OVER.has(query.state.data?.deliveries.at(-1)?.state ?? query.state.data?.state ?? "") ? false : SECOND_MS,
    })),
  });
  return (
    <ul className="followed" aria-live="polite" aria-label={t("messages.test.follow")}>
      {props.sent.map((one, n) => {
        const view = queries[n]?.data;
        const delivery = view?.deliveries.at(-1);
        const state = delivery?.state ?? view?.state ?? "queued";
        const why = delivery?.failure ?? delivery?.code ?? (delivery ? null : view?.reason);
        return (
          <li key={one.notification}>
            <span>{one.to === "me" ? t("messages.test.you") : one.to}</span>
            {delivery && <Channel name={delivery.channel} />}
            <Mark tone={TONES[state] ?? "calm"}>{say(`messages.state.${state}`, state)}</Mark>
            {why && <span className="soft small">{say(`messages.reason.${why}`, why)}</span>}
          </li>
        );
      })}
    </ul>
  );
}
