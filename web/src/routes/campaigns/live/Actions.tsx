import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { number } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { useMay } from "@/lib/session";
import { Button, Menu, Modal } from "@/ui/controls";
import { MoreMenu } from "@/ui/IconButton";
import type { Figures, View } from "../campaign";
import { useCopy } from "../useCopy";
import type { Acts } from "./acts";

type Props = { figures: Figures; view: View; acts: Acts; may: boolean };

/** Pause is instant, and resuming is its undo. Only what is for good asks first. */
export function Actions({ figures, view, acts, may }: Props) {
  const [asking, setAsking] = useState(false);
  const { state } = figures;
  const over = state === "done" || state === "cancelled";
  const pause = () => void acts.pause.run(undefined);
  const resume = () => void acts.resume.run(undefined);
  useShortcuts(
    may && state === "running"
      ? [{ keys: "p", label: t("campaigns.pause"), run: pause }]
      : may && state === "paused"
        ? [{ keys: "p", label: t("campaigns.resume"), run: resume }]
        : [],
  );
  return (
    <>
      {may && state === "running" && (
        <Button
          variant="default"
          leftSection={<IconPlayerPause size={16} aria-hidden />}
          loading={acts.pause.busy}
          onClick={pause}
        >
          {t("campaigns.pause")}
        </Button>
      )}
      {may && state === "paused" && (
        <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} loading={acts.resume.busy} onClick={resume}>
          {t("campaigns.resume")}
        </Button>
      )}
      <More view={view} onCancel={may && !over ? () => setAsking(true) : undefined} />
      <Cancel opened={asking} figures={figures} acts={acts} onClose={() => setAsking(false)} />
    </>
  );
}

function More(props: { view: View; onCancel?: () => void }) {
  const write = useMay("campaigns.write");
  const copy = useCopy(props.view.id);
  if (!write && !props.onCancel) return null;
  return (
    <MoreMenu label={t("campaigns.more", { name: props.view.name })} framed>
      {write && <Menu.Item onClick={() => void copy.run()}>{t("campaigns.copy")}</Menu.Item>}
      {props.onCancel && (
        <Menu.Item c="var(--bad)" onClick={props.onCancel}>
          {t("campaigns.cancel")}
        </Menu.Item>
      )}
    </MoreMenu>
  );
}

/** It is for good: how many would never get it. */
function Cancel(props: { opened: boolean; figures: Figures; acts: Acts; onClose: () => void }) {
  const { progress, rows } = props.figures;
  const sent = rows.find((row) => row.of === "total")?.sent ?? 0;
  const left = Math.max(0, progress.people - sent);
  const run = async () => {
    await props.acts.cancel.run(undefined);
    props.onClose();
  };
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={t("campaigns.cancel.ask")}>
      <p style={{ marginTop: 0 }}>{tn("campaigns.cancel.text", left, { sent: number(sent) })}</p>
      <div className="pair">
        <Button variant="default" onClick={props.onClose} data-autofocus>
          {t("campaigns.cancel.keep")}
        </Button>
        <Button color="red" loading={props.acts.cancel.busy} onClick={() => void run()}>
          {t("campaigns.cancel")}
        </Button>
      </div>
    </Modal>
  );
}
