import { IconDots, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { number } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { useMay } from "@/lib/session";
import { ActionIcon, Button, Menu, Modal } from "@/ui/controls";
import type { Figures, View } from "../campaign";
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
  const navigate = useNavigate();
  const write = useMay("campaigns.write");
  const copy = useChange({
    act: () =>
      ask(api.POST("/api/v1/campaigns/{campaign}/copy", { params: { path: { campaign: props.view.id } }, body: {} })),
    key: ["campaigns", "list"],
    said: (_, made) => t("campaigns.copied", { name: made.name }),
  });
  const run = async () => {
    const made = await copy.run(undefined);
    if (made) void navigate({ to: "/campaigns/$campaign/plan", params: { campaign: made.id } });
  };
  if (!write && !props.onCancel) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t("campaigns.more", { name: props.view.name })}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {write && <Menu.Item onClick={() => void run()}>{t("campaigns.copy")}</Menu.Item>}
        {props.onCancel && (
          <Menu.Item c="var(--bad)" onClick={props.onCancel}>
            {t("campaigns.cancel")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
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
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={t("campaigns.cancel.ask")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
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
