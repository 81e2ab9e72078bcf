import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { t, tn } from "@/lib/i18n";
import { Failed, Waiting } from "@/ui/State";

/** As that person would get it. What a mail holds runs in a frame that may do nothing. */
export function MessagePreview(props: { message: string; channel: string; as: string | null }) {
  const { message, channel, as } = props;
  const query = useQuery({
    queryKey: ["plan", "preview", message, channel, as],
    queryFn: () =>
      ask(
        api.POST("/api/v1/messages/{message}/preview", {
          params: { path: { message } },
          body: { as, channel, locale: "", variant: "" },
        }),
      ),
    placeholderData: keepPreviousData,
  });
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  const shown = query.data;
  if (!shown) return <Waiting rows={1} height={380} />;
  return (
    <div className={query.isPlaceholderData ? "looks stale" : "looks"}>
      {shown.channel === "email" ? (
        <>
          <p className="subject">
            <span className="soft">{t("campaigns.preview.subject")}</span> <b>{shown.subject}</b>
          </p>
          <iframe title={t("campaigns.preview.email")} sandbox="" srcDoc={shown.html} />
        </>
      ) : (
        <div className="phone">
          <div className={shown.channel === "push" ? "bubble card" : "bubble"}>
            {shown.title && <b>{shown.title}</b>}
            <span>{shown.text}</span>
          </div>
          {shown.segments > 0 && (
            <p className="soft small">{tn("campaigns.preview.parts", shown.segments, { encoding: shown.encoding })}</p>
          )}
        </div>
      )}
    </div>
  );
}
