import { IconCircle, IconCircleCheckFilled } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { t } from "@/lib/i18n";
import { Button } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { type Notice, placeOf } from "./overview";

const STEPS = ["no_provider", "no_people", "no_segment", "no_message", "no_campaign"] as const;
const WHERE = {
  no_provider: "providers",
  no_people: "people",
  no_segment: "segments",
  no_message: "messages",
  no_campaign: "campaigns",
};

/** A new installation: five things to do, in their order; the next one has the button. */
export function FirstSteps(props: { notices: Notice[] }) {
  const open = new Set(props.notices.map((notice) => notice.kind));
  const next = STEPS.find((step) => open.has(step));
  return (
    <Panel title={t("home.first")}>
      <ol style={{ listStyle: "none", margin: 0, padding: 0, display: "grid", gap: 4 }}>
        {STEPS.map((step) => (
          <li key={step} style={{ display: "flex", gap: 10, alignItems: "center", minHeight: 44 }}>
            {open.has(step) ? (
              <IconCircle size={20} className="soft" aria-label={t("home.first.open")} role="img" />
            ) : (
              <IconCircleCheckFilled size={20} color="var(--good)" aria-label={t("home.first.done")} role="img" />
            )}
            <span style={{ flex: 1 }}>{t(`home.first.${step}`)}</span>
            {step === next && (
              <Button component={Link} to={placeOf({ to: WHERE[step] })}>
                {t("home.first.begin")}
              </Button>
            )}
          </li>
        ))}
      </ol>
    </Panel>
  );
}
