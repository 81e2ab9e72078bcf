import { useElementSize } from "@mantine/hooks";
import { number } from "@/lib/format";
import { t } from "@/lib/i18n";
import { useSession } from "@/lib/session";
import type { Shown } from "./usePreview";

const WIDTHS: Record<string, number> = { phone: 375, desktop: 700 };
const HEIGHT = 560;

/** Links of a preview lead nowhere: the frame may neither run scripts nor open windows, and cannot be left. */
export const still = (html: string): string =>
  /<head[^>]*>/i.test(html)
    ? html.replace(/<head[^>]*>/i, (head) => `${head}<base target="_blank">`)
    : `<base target="_blank">${html}`;

/** The line of an inbox, and below it the mail in a frame that may do nothing. */
export function EmailPreview(props: { email: NonNullable<Shown["email"]>; width: string }) {
  const { email } = props;
  const { ref, width: room } = useElementSize();
  const company = useSession()?.company || "Antiphon";
  const wide = WIDTHS[props.width] ?? 375;
  const scale = room > 0 ? Math.min(1, room / wide) : 1;
  return (
    <div className="mail">
      <div className="inbox-line">
        <span className="avatar" aria-hidden>
          {company.slice(0, 1)}
        </span>
        <span className="inbox-words">
          <b>{company}</b>
          <span>{email.subject || <i className="soft">{t("messages.preview.no_subject")}</i>}</span>
          <span className="soft">{email.preheader}</span>
        </span>
      </div>
      <div ref={ref} className="mail-room" style={{ height: HEIGHT }}>
        <iframe
          title={t("messages.preview.mail", { subject: email.subject })}
          sandbox=""
          srcDoc={still(email.html)}
          style={{ width: wide, height: HEIGHT / scale, transform: `scale(${scale})` }}
        />
      </div>
      <p className="soft small num">
        {t("messages.preview.size", { kb: number(Math.ceil(email.bytes / 1000)) })}
        {email.is_clipped && ` · ${t("messages.preview.clipped")}`}
      </p>
    </div>
  );
}
