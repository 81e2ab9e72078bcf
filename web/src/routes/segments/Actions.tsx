import { IconArchive, IconArchiveOff, IconDownload, IconSpeakerphone } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Button, Menu } from "@/ui/controls";
import { MoreMenu } from "@/ui/IconButton";
import type { SegmentPage } from "./segments";

/** What can be done with a segment as a whole. */
export function Actions({ one }: { one: SegmentPage }) {
  const may = useMay("segments.write");
  const navigate = useNavigate();
  const mayCampaigns = useMay("campaigns.write");
  const path = { params: { path: { segment: one.id } } };
  const key = ["segments"];
  const restore = useChange({
    key,
    act: () => ask(api.POST("/api/v1/segments/{segment}/restore", path)),
    said: () => t("segments.restored", { name: one.name }),
  });
  const archive = useChange({
    key,
    act: () => ask(api.DELETE("/api/v1/segments/{segment}", path)),
    said: () => t("segments.archived", { name: one.name }),
    undo: one.kind === "list" ? undefined : () => restore.run(undefined),
  });
  const archived = one.state === "archived";
  return (
    <>
      {archived && may && (
        <Button
          leftSection={<IconArchiveOff size={16} aria-hidden />}
          loading={restore.busy}
          onClick={() => void restore.run(undefined)}
        >
          {t("segments.restore")}
        </Button>
      )}
      {one.state === "live" && mayCampaigns && (
        <Button
          variant="default"
          leftSection={<IconSpeakerphone size={16} aria-hidden />}
          onClick={() =>
            void navigate({
              to: "/campaigns/$campaign/plan",
              params: { campaign: "new" },
              search: { segment: one.name },
            })
          }
        >
          {t("segments.campaign")}
        </Button>
      )}
      <MoreMenu label={t("app.more")} framed>
        <Menu.Item
          component="a"
          href={`/api/v1/segments/${one.id}/export`}
          download={`${one.name}.csv`}
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {t("segments.export")}
        </Menu.Item>
        {may && !archived && !one.stage_of && (
          <Menu.Item leftSection={<IconArchive size={16} aria-hidden />} onClick={() => void archive.run(undefined)}>
            {t("segments.archive")}
          </Menu.Item>
        )}
      </MoreMenu>
    </>
  );
}
