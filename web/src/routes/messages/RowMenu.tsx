import { IconArchive, IconCopy, IconRestore, IconSend } from "@tabler/icons-react";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Menu } from "@/ui/controls";
import { MoreMenu } from "@/ui/IconButton";
import { useArchive, useCopy, usePlan } from "./acts";
import type { Card } from "./Messages";

export function RowMenu({ card }: { card: Card }) {
  const archive = useArchive();
  const copy = useCopy();
  const plan = usePlan();
  const plans = useMay("campaigns.write") && card.state === "published";
  const archived = card.state === "archived";
  return (
    <MoreMenu width={220} label={t("messages.more_of", { name: card.name })}>
      {plans && (
        <Menu.Item leftSection={<IconSend size={16} aria-hidden />} onClick={() => void plan(card.name)}>
          {t("messages.campaign")}
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={() => void copy(card)}>
        {t("messages.copy")}
      </Menu.Item>
      <Menu.Item
        leftSection={archived ? <IconRestore size={16} aria-hidden /> : <IconArchive size={16} aria-hidden />}
        onClick={() => void archive.run({ view: card, back: archived })}
      >
        {archived ? t("messages.restore") : t("messages.archive")}
      </Menu.Item>
    </MoreMenu>
  );
}
