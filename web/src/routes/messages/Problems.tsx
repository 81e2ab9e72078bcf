import "./preview.css";
import { IconAlertTriangle, IconBulb, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { list } from "@/lib/format";
import { say, t } from "@/lib/i18n";
import { Panel } from "@/ui/Page";
import { type Finding, useComposing } from "./composer";
import { placeName } from "./words";

const ICONS = { error: IconCircleX, warning: IconAlertTriangle, hint: IconBulb };
const COLOURS = { error: "var(--bad)", warning: "var(--warn)", hint: "var(--mantine-color-dimmed)" };
const RANK = { error: 0, warning: 1, hint: 2 };

/** What keeps it from being published, and what could be better: each leads to its place. */
export function Problems(props: { known: boolean }) {
  const { problems, jump } = useComposing();
  const found = problems.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
  return (
    <Panel title={t("messages.problems")}>
      {found.length === 0 ? (
        <p className="soft all-well" role="status">
          {props.known && (
            <>
              <IconCircleCheck size={18} color="var(--good)" aria-hidden /> {t("messages.problems.none")}
            </>
          )}
        </p>
      ) : (
        <ul className="problems">
          {found.map((one) => (
            <li key={`${one.at} ${one.code} ${one.message}`}>
              <One finding={one} jump={() => jump(one.at)} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function One(props: { finding: Finding; jump: () => void }) {
  const { severity, at, message } = props.finding;
  const Icon = ICONS[severity];
  const plain = plainOf(props.finding);
  return (
    <button type="button" onClick={props.jump}>
      <Icon size={18} color={COLOURS[severity]} aria-label={t(`messages.problems.${severity}`)} role="img" />
      <span>
        <span>{plain ?? message}</span>
        {plain && !SAID.has(props.finding.code) && <span className="soft small">{message}</span>}
        <span className="soft small">{placeName(at)}</span>
      </span>
    </button>
  );
}

/** Of these our own words say all that there is to say. */
const SAID = new Set([
  "all_caps",
  "alt_empty",
  "alt_missing",
  "image_only",
  "image_width",
  "postal_address",
  "preheader_missing",
  "sms_way_out",
]);

/** In plain words of our own, where there are such. */
function plainOf({ code, clients }: Finding): string | null {
  if (code.startsWith("client.")) return t("messages.lint.client", { clients: list((clients ?? []).slice(0, 4)) });
  return say(`messages.lint.${code}`, "") || null;
}
