import { IconBell } from "@tabler/icons-react";
import { number } from "@/lib/format";
import { t } from "@/lib/i18n";
import { useSession } from "@/lib/session";
import { useComposing } from "./composer";
import type { Shown } from "./usePreview";

/** A card on a locked phone. */
export function PushPreview({ push }: { push: NonNullable<Shown["push"]> }) {
  const { fields } = useComposing();
  const company = useSession()?.company || "Antiphon";
  const limits = fields?.limits.push;
  return (
    <div>
      <div className="phone locked">
        <div className="lock-time" aria-hidden>
          9:41
        </div>
        <div className="note">
          <div className="note-top">
            <IconBell size={14} aria-hidden /> {company} <span className="note-now">{t("messages.push.now")}</span>
          </div>
          <b>{push.title}</b>
          <p>{push.body}</p>
        </div>
      </div>
      <dl className="facts num">
        <Count name={t("messages.push.title")} n={push.title_chars} of={limits?.title_chars_shown} />
        <Count name={t("messages.push.body")} n={push.body_chars} of={limits?.body_chars_shown} />
      </dl>
      <p className="soft small url">
        {push.url ? t("messages.push.leads", { url: push.url }) : t("messages.push.leads_nowhere")}
      </p>
    </div>
  );
}

function Count(props: { name: string; n: number; of: number | undefined }) {
  const long = props.of !== undefined && props.n > props.of;
  return (
    <div>
      <dt className="soft">{props.name}</dt>
      <dd style={long ? { color: "var(--warn)" } : undefined}>
        {props.of === undefined
          ? number(props.n)
          : t("messages.push.chars", { n: number(props.n), of: number(props.of) })}
      </dd>
    </div>
  );
}
