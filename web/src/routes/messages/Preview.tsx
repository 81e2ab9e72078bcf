import "./preview.css";
import { t } from "@/lib/i18n";
import { useUrlState } from "@/lib/url";
import { channelName } from "@/ui/Channel";
import { Failed, Waiting } from "@/ui/State";
import { As } from "./As";
import { useComposing } from "./composer";
import { formOf } from "./document";
import { Either } from "./Either";
import { EmailPreview } from "./EmailPreview";
import { PushPreview } from "./PushPreview";
import { SmsPreview } from "./SmsPreview";
import type { Shown } from "./usePreview";
import { languageName, variantName } from "./words";

type Props = {
  shown: Shown | undefined;
  stale: boolean;
  error: unknown;
  retry: () => void;
  who: string;
  onWho: (who: string) => void;
};

/** What somebody would get of what is written, as it stands. */
export function Preview(props: Props) {
  const { scope, document } = useComposing();
  const [width, setWidth] = useUrlState("width", "phone");
  const channel = channelName(scope.channel);
  return (
    <section className="preview" aria-label={t("messages.preview")}>
      <div className="preview-head">
        <As who={props.who} onWho={props.onWho} />
        {scope.channel === "email" && (
          <Either
            label={t("messages.preview.width")}
            value={width}
            onChange={setWidth}
            options={[
              ["phone", t("messages.preview.phone")],
              ["desktop", t("messages.preview.desktop")],
            ]}
          />
        )}
      </div>
      <div className={props.stale && props.shown ? "stale-soon" : undefined} aria-busy={props.stale}>
        {props.error ? <Failed error={props.error} retry={props.retry} /> : null}
        {!props.shown && !props.error && <Waiting height={420} />}
        {props.shown && <Form shown={props.shown} width={width} />}
        {props.shown && !formOf(document, scope) && !props.shown[channelKey(scope.channel)] && (
          <p className="soft nothing">{t("messages.preview.none", { channel })}</p>
        )}
      </div>
      {scope.variant && (
        <p className="soft small">{t("messages.preview.variant", { name: variantName(scope.variant) })}</p>
      )}
    </section>
  );
}

const channelKey = (channel: string): "email" | "sms" | "push" =>
  channel === "sms" || channel === "push" ? channel : "email";

function Form(props: { shown: Shown; width: string }) {
  const { scope } = useComposing();
  const form = props.shown[channelKey(scope.channel)];
  const { email, sms, push } = props.shown;
  return (
    <>
      {form && form.locale !== scope.locale && (
        <p className="soft small">{t("messages.preview.other", { language: languageName(form.locale) })}</p>
      )}
      {scope.channel === "email" && email && <EmailPreview email={email} width={props.width} />}
      {scope.channel === "sms" && sms && <SmsPreview sms={sms} />}
      {scope.channel === "push" && push && <PushPreview push={push} />}
      {!form && <p className="soft nothing">{t("messages.preview.cannot")}</p>}
    </>
  );
}
