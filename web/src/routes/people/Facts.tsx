import { IconMoon, IconSun } from "@tabler/icons-react";
import { list, time } from "@/lib/format";
import { t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Tooltip } from "@/ui/controls";
import { country, type PersonPage } from "./people";

/** What is wanted at a glance: where they can be found, where they live, what the time is there, whether it is quiet. */
export function Facts({ page }: { page: PersonPage }) {
  const best = page.identifiers.filter((one) =>
    ["email", "phone", "external_id"].includes(one.kind.split("@")[0] ?? ""),
  );
  const shown = best.slice(0, 3).filter((one) => page.name || one !== best[0]);
  return (
    <div className="person-facts soft">
      {shown.map((one) => (
        <span key={`${one.kind} ${one.value}`}>{one.value}</span>
      ))}
      {page.country && <span>{country(page.country)}</span>}
      <LocalTime page={page} />
    </div>
  );
}

function LocalTime({ page }: { page: PersonPage }) {
  const { zones, local_times, is_known, channels } = page.quiet;
  const quiet = channels.filter((one) => one.until);
  const clock = list([...new Set(local_times)]);
  const where = is_known ? list(zones) : t("people.zone.company", { zone: list(zones) });
  const Icon = quiet.length ? IconMoon : IconSun;
  const until = quiet.map((one) =>
    t("people.quiet.until", { channel: channelName(one.channel), at: time(one.until ?? "") }),
  );
  return (
    <Tooltip label={[where, ...until].join(" · ")} multiline maw={320}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what it means is told on focus too */}
      <span tabIndex={0} className="num person-clock">
        <Icon size={14} aria-hidden />
        {quiet.length ? t("people.quiet.now", { at: clock }) : t("people.local_time", { at: clock })}
      </span>
    </Tooltip>
  );
}
