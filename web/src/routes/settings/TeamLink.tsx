import { time } from "@/lib/format";
import { t } from "@/lib/i18n";
import { Button } from "@/ui/controls";
import { Dialog } from "../access/Dialog";
import { Once } from "../access/Once";
import type { Link } from "./team";

type Props = { name: string; link: Link };

/** The link, in whatever dialog it was made. */
export function LinkShown({ name, link, onClose }: Props & { onClose: () => void }) {
  return (
    <div className="fields">
      <p className="plain">{t("team.link.for", { name })}</p>
      <Once label={t(`team.link.${link.kind}`)} value={link.url} />
      <p className="plain soft small">{t("team.link.until", { time: time(link.ends_at) })}</p>
      <div className="ends">
        <Button onClick={onClose}>{t("app.done")}</Button>
      </div>
    </div>
  );
}

export function LinkOnce(props: Props & { onClose: () => void }) {
  return (
    <Dialog onClose={props.onClose} title={t(`team.link.${props.link.kind}`)} closeOnClickOutside={false}>
      <LinkShown {...props} />
    </Dialog>
  );
}
