import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t } from "@/lib/i18n";
import { useUrlState } from "@/lib/url";
import { Button, SegmentedControl, TextInput } from "@/ui/controls";
import { Page, Panel } from "@/ui/Page";
import { Waiting } from "@/ui/State";
import "./pages.css";
import { KEPT } from "./begun";
import { Presets } from "./Presets";

const NewRule = lazy(() => import("./NewRule"));
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
        <Suspense fallback={<Waiting rows={6} />}>
          <NewRule />
        </Suspense>
      )}
    </Page>
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
