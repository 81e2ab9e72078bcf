import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { money, number, percent } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { Channel, channelName } from "@/ui/Channel";
import { Button, Modal, Radio } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import { type Figures, keyOf, type Row, type ShiftPreview, type View } from "../campaign";
import type { Acts } from "./acts";
import { bestOf } from "./best";
import { Compare } from "./Compare";

const PLANNED = "";
type Props = { figures: Figures; view: View; acts: Acts; may: boolean; folded?: boolean };

/** The rest takes another way: which, what that would do, and then it goes, with ten seconds to take it back. */
export default function Shift(props: Props) {
  const { folded } = props;
  const [open, setOpen] = useState(!folded);
  if (!folded)
    return (
      <Panel title={t("campaigns.shift.title")} className="calls">
        <Choose {...props} />
      </Panel>
    );
  return (
    <Panel
      title={t("campaigns.shift.again")}
      aside={
        <Button variant="default" size="xs" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t(open ? "app.close" : "campaigns.shift.look")}
        </Button>
      }
    >
      {open ? <Choose {...props} /> : <p className="soft lead-in">{t("campaigns.shift.again.text")}</p>}
    </Panel>
  );
}

function Choose(props: Props) {
  const { figures, view, acts } = props;
  const rows = figures.rows.filter((row) => row.of === "channel");
  const best = bestOf(rows);
  const [channel, setChannel] = useState(best?.channel ?? view.channels[0] ?? PLANNED);
  const [asking, setAsking] = useState(false);
  const query = usePreview(view.id, channel || (view.channels[0] ?? ""), figures.stage);
  return (
    <div className="fields">
      <p className="soft lead-in">{t("campaigns.shift.text")}</p>
      <Radio.Group value={channel} onChange={setChannel} aria-label={t("campaigns.shift.choose")}>
        <div className="choices ways">
          {view.channels.map((name) => (
            <Way
              key={name}
              name={name}
              row={rows.find((row) => row.channel === name)}
              best={best?.sure === true && best.channel === name}
            />
          ))}
          {!props.folded && (
            <Radio.Card value={PLANNED} className="choice" aria-label={t("campaigns.shift.planned")}>
              <Radio.Indicator />
              <span>
                {t("campaigns.shift.planned")}
                <small className="soft block">{t("campaigns.shift.planned.text")}</small>
              </span>
            </Radio.Card>
          )}
        </div>
      </Radio.Group>
      {best && !best.sure && <p className="warns">{t("campaigns.shift.unsure")}</p>}
      <Loaded query={query} height={190}>
        {(preview) => (
          <div className={query.isPlaceholderData ? "stale" : undefined}>
            <Compare preview={preview} planned={channel === PLANNED} />
          </div>
        )}
      </Loaded>
      {props.may && (
        <div className="pair" style={{ justifyContent: "end" }}>
          {channel === PLANNED ? (
            <Button size="md" onClick={() => setAsking(true)} disabled={!query.data}>
              {t("campaigns.shift.go_planned")}
            </Button>
          ) : (
            <Button
              size="md"
              loading={acts.shift.busy}
              disabled={!query.data}
              onClick={() => void acts.shift.run(channel)}
            >
              {t("campaigns.shift.go", { channel: channelName(channel) })}
            </Button>
          )}
        </div>
      )}
      {query.data && <AsPlanned opened={asking} preview={query.data} acts={acts} onClose={() => setAsking(false)} />}
    </div>
  );
}

function usePreview(campaign: string, channel: string, stage: string) {
  return useQuery({
    queryKey: [...keyOf(campaign), "shift", channel, stage],
    queryFn: () =>
      ask(
        api.POST("/api/v1/campaigns/{campaign}/shift/preview", {
          params: { path: { campaign } },
          body: { channel, share: "rest" },
        }),
      ),
    placeholderData: keepPreviousData,
    enabled: channel !== "",
    staleTime: 60_000,
  });
}

/** A channel with how it did so far. */
function Way(props: { name: string; row?: Row; best: boolean }) {
  const { row } = props;
  const rate = row?.rates.converted;
  return (
    <Radio.Card value={props.name} className="choice" aria-label={channelName(props.name)}>
      <Radio.Indicator />
      <span>
        <Channel name={props.name} />
        <small className="soft block num">
          {rate && rate.share !== null && rate.low !== null && rate.high !== null
            ? [
                t("campaigns.shift.did", {
                  share: percent(rate.share),
                  low: percent(rate.low),
                  high: percent(rate.high),
                }),
                row.cost_per_conversion !== null &&
                  t("campaigns.each_conversion", { cost: money(row.cost_per_conversion) }),
              ]
                .filter(Boolean)
                .join(", ")
            : t("campaigns.shift.unknown")}
        </small>
        {props.best && <small className="best">{t("campaigns.shift.best")}</small>}
      </span>
    </Radio.Card>
  );
}

/** It leaves the building, and nothing takes that back: it asks. */
function AsPlanned(props: { opened: boolean; preview: ShiftPreview; acts: Acts; onClose: () => void }) {
  const n = props.preview.as_planned.people;
  const run = async () => {
    await props.acts.resume.run(undefined);
    props.onClose();
  };
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={tn("campaigns.launch.ask", n)}>
      <p style={{ marginTop: 0 }}>
        {t("campaigns.shift.planned.ask", { cost: money(props.preview.as_planned.cost), n: number(n) })}
      </p>
      <div className="pair">
        <Button variant="default" onClick={props.onClose}>
          {t("app.cancel")}
        </Button>
        <Button loading={props.acts.resume.busy} onClick={() => void run()} data-autofocus>
          {tn("campaigns.launch.button", n)}
        </Button>
      </div>
    </Modal>
  );
}
