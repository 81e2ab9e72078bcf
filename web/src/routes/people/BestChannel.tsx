import { useState } from "react";
import { number, percent } from "@/lib/format";
import { t } from "@/lib/i18n";
import { Bars } from "@/ui/Bars";
import { Channel } from "@/ui/Channel";
import { NativeSelect } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import type { PersonPage } from "./people";

const KINDS = ["campaign", "transactional", "urgent", "code"] as const;

/** How likely they answer where, and how sure that is. */
export function BestChannel({ page }: { page: PersonPage }) {
  const [kind, setKind] = useState<string>("campaign");
  const found = page.best_channels.find((one) => one.kind === kind);
  if (!page.best_channels.some((one) => one.channels.length)) return null;
  return (
    <Panel
      title={t("people.best")}
      aside={
        <NativeSelect
          size="xs"
          aria-label={t("people.best.kind")}
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value)}
          data={KINDS.map((value) => ({ value, label: t(`people.best.${value}`) }))}
        />
      }
    >
      <Bars
        label={t("people.best")}
        format={(value) => percent(value)}
        bars={(found?.channels ?? []).map((one) => ({
          key: one.channel,
          label: <Channel name={one.channel} />,
          value: one.mean,
          low: one.low,
          high: one.high,
          channel: one.channel,
          note: one.is_usable
            ? one.sent > 0
              ? t("people.best.of", { answered: number(one.answered), sent: number(one.sent) })
              : undefined
            : t("people.best.unusable"),
        }))}
      />
      {found && !found.is_known && <p className="soft small note">{t("people.best.unknown")}</p>}
    </Panel>
  );
}
