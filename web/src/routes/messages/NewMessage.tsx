import { IconBell, IconDiscount2, IconFile, IconKey, IconNews, IconReceipt } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask, type Problem } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Autocomplete, Button, Modal, TextInput } from "@/ui/controls";
import { Failed } from "@/ui/State";
import { STARTS, type Start, startOf } from "./starts";
import { useTopics } from "./Topic";

const ICONS: Record<Start, typeof IconFile> = {
  blank: IconFile,
  coupon: IconDiscount2,
  newsletter: IconNews,
  receipt: IconReceipt,
  reminder: IconBell,
  code: IconKey,
};

/** A name, a topic and something to begin with; the rest is written in the composer. */
export default function NewMessage(props: { onClose: () => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const topics = useTopics();
  const [start, setStart] = useState<Start>("blank");
  const [name, setName] = useState("");
  const [topic, setTopic] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const ofName = problem?.of("name") ?? (problem?.code === "name_taken" ? problem.title : undefined);
  const make = async () => {
    setBusy(true);
    const { topic: usual, ...rest } = startOf(start);
    try {
      const made = await ask(
        api.POST("/api/v1/messages", {
          params: { query: { draft: true } },
          body: { name: name.trim(), topic: topic.trim() || usual, ...rest },
        }),
      );
      void client.invalidateQueries({ queryKey: ["messages"] });
      void navigate({ to: `/messages/${made.id}` });
    } catch (error) {
      setProblem(error as Problem);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={props.onClose} size="lg" title={t("messages.new")}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <div className="pair">
          <TextInput
            data-autofocus
            required
            label={t("app.name")}
            maxLength={200}
            value={name}
            error={ofName}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Autocomplete
            label={t("messages.topic")}
            placeholder={startOf(start).topic}
            data={topics}
            value={topic}
            onChange={setTopic}
          />
        </div>
        <fieldset className="starts">
          <legend>{t("messages.start")}</legend>
          {STARTS.map((one) => {
            const Icon = ICONS[one];
            return (
              <label key={one}>
                <input type="radio" name="start" value={one} checked={start === one} onChange={() => setStart(one)} />
                <Icon size={20} aria-hidden />
                <span>
                  <b>{t(`messages.start.${one}`)}</b>
                  <span className="soft small">{t(`messages.start.${one}.help`)}</span>
                </span>
              </label>
            );
          })}
        </fieldset>
        {problem && !ofName && <Failed error={problem} />}
        <div className="row end">
          <Button variant="default" onClick={props.onClose}>
            {t("app.cancel")}
          </Button>
          <Button type="submit" loading={busy} disabled={!name.trim()}>
            {t("app.create")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
