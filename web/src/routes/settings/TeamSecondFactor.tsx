import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask } from "@/lib/api";
import { t, tn } from "@/lib/i18n";
import { useSession } from "@/lib/session";
import { Radio } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import { done } from "@/ui/toast";
import { useProved } from "../access/prove";
import { RULE, type SignInRule } from "./team";

const CHOICES = ["optional", "admins", "everybody"] as const;
type Choice = SignInRule["second_factor"];

/** Of whom a second factor is demanded, with how many of them would have to set one up. */
export function TeamSecondFactor() {
  const query = useQuery({ queryKey: RULE, queryFn: () => ask(api.GET("/api/v1/sign-in-rule")) });
  return (
    <Panel title={t("team.factor")}>
      <Loaded query={query} rows={3} height={44}>
        {(rule) => <Choose rule={rule} />}
      </Loaded>
    </Panel>
  );
}

function Choose({ rule }: { rule: SignInRule }) {
  const client = useQueryClient();
  const proved = useProved();
  const [wanted, setWanted] = useState<Choice>(); // shown at once, and put back when it is refused
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the server says since then counts
  useEffect(() => setWanted(undefined), [rule]);
  const isOwner = useSession()?.role === "owner";
  const change = async (second_factor: Choice) => {
    setWanted(second_factor);
    const saved = await proved.run(() => ask(api.PUT("/api/v1/sign-in-rule", { body: { second_factor } })));
    if (saved) client.setQueryData(RULE, saved);
    else setWanted(undefined);
    return saved !== undefined;
  };
  const choose = async (value: string) => {
    const next = CHOICES.find((one) => one === value);
    const before = rule.second_factor;
    if (!next || next === before || !(await change(next))) return;
    done(t("team.factor.saved", { of: t(`team.factor.${next}`) }), () => change(before));
  };
  return (
    <div className="second-factor">
      <p className="soft plain">{t("team.factor.text")}</p>
      <Radio.Group
        label={t("team.factor.demanded")}
        value={wanted ?? rule.second_factor}
        onChange={(value) => void choose(value)}
      >
        <div className="choices">
          {CHOICES.map((one) => (
            <Radio
              key={one}
              value={one}
              disabled={!isOwner}
              label={t(`team.factor.${one}`)}
              description={[t(`team.factor.${one}.text`), preview(rule, one)].filter(Boolean).join(" ")}
            />
          ))}
        </div>
      </Radio.Group>
      {!isOwner && <p className="soft small plain">{t("team.factor.owners")}</p>}
      {proved.dialog}
    </div>
  );
}

function preview(rule: SignInRule, choice: Choice): string {
  if (choice === "optional") return "";
  const lacking = rule.lacking[choice];
  return lacking ? tn("team.factor.lacking", lacking) : t("team.factor.lacking.none");
}
