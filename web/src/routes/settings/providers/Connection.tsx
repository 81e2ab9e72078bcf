import { useState } from "react";
import { api, ask, type Problem } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t } from "@/lib/i18n";
import { Button } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { SchemaForm } from "@/ui/SchemaForm";
import { same } from "../edits";
import { SaveBar } from "../SaveBar";
import { ACCOUNTS, adapterAbout, adapterSchema, type Detail, missing, refusedBy } from "./account";
import { useCheck } from "./check";
import { detailKey } from "./Provider";
import { Tried } from "./Tried";

type Settings = Record<string, unknown>;

/** What it is reached by. Secrets stay where nothing is typed over them. */
export function Connection({ detail }: { detail: Detail }) {
  const { provider, adapter } = detail;
  const [settings, setSettings] = useState<Settings>(detail.settings);
  const check = useCheck();
  const changed = changesOf(detail.settings, settings);
  const save = useKeep(detail, check.refuse);
  if (!adapter) return null;
  const schema = adapterSchema(adapter);
  const kept = detail.secrets;
  const keep = async () => {
    const flaws = missing(schema, settings, kept);
    if (flaws.length) check.refuse(refusedBy(flaws));
    else if (await save.run(changed)) {
      setSettings((now) => Object.fromEntries(Object.entries(now).filter(([name]) => !isSecret(schema, name))));
      check.clear();
    }
  };
  return (
    <>
      <div className="split">
        <Panel>
          <p className="soft" style={{ marginTop: 0 }}>
            {adapterAbout(adapter)}
          </p>
          <SchemaForm
            schema={schema}
            value={settings}
            onChange={setSettings}
            problem={check.problem}
            under="settings"
            kept={kept}
          />
        </Panel>
        <Panel title={t("provider.check")}>
          <Tried tried={check.tried} />
          <Button
            variant="default"
            mt="sm"
            loading={check.busy}
            onClick={() =>
              void check.run({
                adapter: adapter.name,
                schema,
                settings: withOut(changed, settings),
                provider: provider.id,
                kept,
              })
            }
          >
            {t("provider.check")}
          </Button>
        </Panel>
      </div>
      <SaveBar
        n={Object.keys(changed).length}
        busy={save.busy}
        problem={check.problem}
        onSave={() => void keep()}
        onDiscard={() => {
          setSettings(detail.settings);
          check.clear();
        }}
      />
    </>
  );
}

const isSecret = (schema: ReturnType<typeof adapterSchema>, name: string): boolean =>
  schema.properties?.[name]?.writeOnly === true;

/** What differs from what is kept; null puts a setting back to its default. */
function changesOf(before: Settings, after: Settings): Settings {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    [...names].filter((name) => !same(before[name], after[name])).map((name) => [name, after[name] ?? null]),
  );
}

const withOut = (changed: Settings, settings: Settings): Settings => ({ ...settings, ...changed });

function useKeep(detail: Detail, refuse: (problem: Problem) => void) {
  const id = detail.provider.id;
  const change = useChange<Settings, Detail, boolean>({
    act: async (settings) => {
      const path = { provider: id };
      try {
        await ask(api.PUT("/api/v1/providers/{provider}", { params: { path }, body: { settings } }));
      } catch (error) {
        refuse(error as Problem);
        throw error;
      }
      return true;
    },
    key: detailKey(id),
    quiet: true,
    now: (before, settings) => ({ ...before, settings: kept(before, settings) }),
    said: () => t("provider.kept", { name: detail.provider.name }),
    also: [ACCOUNTS],
  });
  return change;
}

const kept = (before: Detail, settings: Settings): Settings => {
  const properties = before.adapter ? (adapterSchema(before.adapter).properties ?? {}) : {};
  const plain = Object.entries({ ...before.settings, ...settings }).filter(
    ([name, value]) => value !== null && !properties[name]?.writeOnly,
  );
  return Object.fromEntries(plain);
};
