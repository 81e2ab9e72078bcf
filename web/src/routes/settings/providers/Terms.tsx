import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Panel } from "@/ui/Page";
import { type Schema, SchemaForm } from "@/ui/SchemaForm";
import { same } from "../edits";
import { SaveBar } from "../SaveBar";
import { ACCOUNTS, type Account, type Detail } from "./account";
import { detailKey } from "./Provider";

type Terms = Pick<Account, "rank" | "weight" | "per_second" | "unit_cost" | "costs" | "warm_up">;

const termsOf = ({ rank, weight, per_second, unit_cost, costs, warm_up }: Account): Terms => ({
  rank,
  weight,
  per_second,
  unit_cost,
  costs,
  warm_up,
});

const schema = (): Schema => ({
  type: "object",
  properties: {
    rank: { type: "integer", minimum: 0, title: t("provider.rank"), description: t("provider.rank.help") },
    weight: { type: "integer", minimum: 0, title: t("provider.weight"), description: t("provider.weight.help") },
    per_second: {
      anyOf: [{ type: "number" }, { type: "null" }],
      title: t("provider.pace.most"),
      description: t("provider.pace.help"),
    },
    unit_cost: {
      type: "number",
      minimum: 0,
      title: t("provider.cost"),
      description: t("provider.cost.help"),
      "x-unit": "money",
    },
    costs: {
      type: "object",
      title: t("provider.costs"),
      description: t("provider.costs.help"),
      additionalProperties: { type: "number", minimum: 0, "x-unit": "money" },
      "x-key": "ES",
    },
    warm_up: {
      title: t("provider.warm_up"),
      description: t("provider.warm_up.help"),
      anyOf: [
        {
          type: "object",
          required: ["from", "per_day"],
          properties: {
            from: { type: "string", format: "date", title: t("provider.warm_up.from") },
            per_day: {
              type: "array",
              title: t("provider.warm_up.per_day"),
              description: t("provider.warm_up.per_day.help"),
              items: { type: "integer", minimum: 1 },
              default: [50, 100, 500, 1000, 5000, 10000, 20000, 40000],
            },
          },
        },
        { type: "null" },
      ],
    },
  },
});

/** How fast it may be used, in what order, at what price. */
export function Terms({ detail }: { detail: Detail }) {
  const { provider } = detail;
  const mayWrite = useMay("providers.write");
  const kept = termsOf(provider);
  const [edits, setEdits] = useState<Partial<Terms>>({});
  const change = useChange<Partial<Terms>, Detail, boolean>({
    act: async (body) => {
      const path = { provider: provider.id };
      await ask(api.PUT("/api/v1/providers/{provider}", { params: { path }, body }));
      return true;
    },
    key: detailKey(provider.id),
    now: (before, body) => ({ ...before, provider: { ...before.provider, ...body } }),
    said: () => t("provider.kept", { name: provider.name }),
    undo: (before, body): unknown => before && change.run(pick(termsOf(before.provider), Object.keys(body))),
    quiet: true,
    also: [ACCOUNTS],
  });
  const become = (next: Terms) => setEdits(differing(kept, next));
  const n = Object.keys(edits).length;
  return (
    <>
      <Panel>
        <div style={{ maxWidth: 560 }}>
          <SchemaForm
            schema={schema()}
            value={{ ...kept, ...edits }}
            onChange={become}
            problem={n ? change.problem : undefined}
            disabled={!mayWrite}
          />
        </div>
      </Panel>
      <SaveBar
        n={n}
        busy={change.busy}
        problem={n ? change.problem : undefined}
        onSave={async () => {
          if (await change.run(edits)) setEdits({});
        }}
        onDiscard={() => setEdits({})}
      />
    </>
  );
}

const pick = (terms: Terms, names: string[]): Partial<Terms> =>
  Object.fromEntries(Object.entries(terms).filter(([name]) => names.includes(name)));

const differing = (kept: Terms, next: Terms): Partial<Terms> =>
  Object.fromEntries(
    Object.entries(next).filter(
      ([name, value]) => !same(value, Object.entries(kept).find(([key]) => key === name)?.[1]),
    ),
  );
