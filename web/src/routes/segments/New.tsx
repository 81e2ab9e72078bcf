import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { useDraft } from "@/lib/draft";
import { t } from "@/lib/i18n";
import { useUrlState } from "@/lib/url";
import { Button, SegmentedControl, TextInput } from "@/ui/controls";
import { Page, Panel } from "@/ui/Page";
import { Saved } from "@/ui/State";
import "./pages.css";
import { Builder, WithKnown } from "./Builder";
import { isWhole } from "./count";
import type { Known } from "./known";
import { Presets } from "./Presets";
import { bare, isRule, type Rule, rooted } from "./tree";

const KEPT = "antiphon-new-segment";
type Begun = { name: string; rule: Rule };

function kept(): Begun {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    if (isRule(found)) return { name: typeof found.name === "string" ? found.name : "", rule: rooted(found.rule) };
  } catch {
    // what cannot be read is begun anew
  }
  return { name: "", rule: { all: [] } };
}

const BACK = () => ({ to: "/segments", label: t("segments.title") });
const WAYS = ["rule", "preset", "list"] as const;

export default function New() {
  const [way, setWay] = useUrlState<string>("from", "rule");
  return (
    <Page
      title={t("segments.new")}
      back={BACK()}
      actions={
        <SegmentedControl
          aria-label={t("segments.from")}
          value={way}
          onChange={setWay}
          data={WAYS.map((one) => ({ value: one, label: t(`segments.from.${one}`) }))}
        />
      }
    >
      {way === "list" ? (
        <NewList />
      ) : way === "preset" ? (
        <Presets
          use={(name, rule) => {
            sessionStorage.setItem(KEPT, JSON.stringify({ name, rule }));
            setWay("rule");
          }}
        />
      ) : (
        <WithKnown>{(known) => <NewRule known={known} />}</WithKnown>
      )}
    </Page>
  );
}

function NewRule({ known }: { known: Known }) {
  const draft = useDraft<Begun>(kept(), async (value) => sessionStorage.setItem(KEPT, JSON.stringify(value)));
  const { value, change } = draft;
  const navigate = useNavigate();
  const [asked, setAsked] = useState(false);
  const create = useChange({
    key: ["segments"],
    quiet: true,
    act: (publish: boolean) =>
      ask(api.POST("/api/v1/segments", { body: { name: value.name.trim(), rule: bare(value.rule), publish } })),
  });
  const run = async (publish: boolean) => {
    setAsked(true);
    if (!value.name.trim() || !isWhole(known, value.rule)) return;
    const made = await create.run(publish);
    if (!made) return;
    setGone(true);
    void navigate({ to: "/segments/$segment", params: { segment: made.id } });
  };
  const [gone, setGone] = useState(false);
  useEffect(() => () => void (gone && sessionStorage.removeItem(KEPT)), [gone]);
  const nameless = asked && !value.name.trim() ? t("segments.name.needed") : undefined;
  const refused =
    create.problem && !create.problem.errors.some((flaw) => flaw.at.startsWith("rule"))
      ? create.problem.title
      : undefined;
  return (
    <>
      <div className="naming">
        <TextInput
          label={t("app.name")}
          value={value.name}
          maxLength={200}
          error={nameless ?? refused}
          onChange={(event) => change({ ...value, name: event.currentTarget.value })}
        />
        <Saved saving={draft.saving} retry={draft.retry} />
        <div className="acts">
          <Button variant="default" disabled={create.busy} onClick={() => void run(false)}>
            {t("segments.keep_draft")}
          </Button>
          <Button loading={create.busy} onClick={() => void run(true)}>
            {t("segments.create")}
          </Button>
        </div>
      </div>
      <Builder
        known={known}
        edited={{
          ...draft,
          value: value.rule,
          problem: create.problem,
          change: (rule) => change((before) => ({ ...before, rule })),
        }}
      />
    </>
  );
}

function NewList() {
  const [name, setName] = useState("");
  const navigate = useNavigate();
  const create = useChange({
    key: ["segments"],
    quiet: true,
    act: (called: string) => ask(api.POST("/api/v1/lists", { body: { name: called } })),
  });
  return (
    <Panel className="narrow">
      <form
        className="fields"
        onSubmit={async (event) => {
          event.preventDefault();
          const made = await create.run(name.trim());
          if (made) void navigate({ to: "/segments/$segment", params: { segment: made.id } });
        }}
      >
        <p className="soft small">{t("segments.list.text")}</p>
        <TextInput
          label={t("app.name")}
          required
          maxLength={200}
          value={name}
          error={create.problem?.title}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <div>
          <Button type="submit" loading={create.busy} disabled={!name.trim()}>
            {t("segments.list.create")}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
