import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { useDraft } from "@/lib/draft";
import { t } from "@/lib/i18n";
import { Button, TextInput } from "@/ui/controls";
import { Saved } from "@/ui/State";
import { Builder, WithKnown } from "./Builder";
import { type Begun, KEPT, kept } from "./begun";
import { isWhole } from "./count";
import type { Known } from "./known";
import { bare } from "./tree";

export default function NewRule() {
  return <WithKnown>{(known) => <Naming known={known} />}</WithKnown>;
}

function Naming({ known }: { known: Known }) {
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
