import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Navigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Failed, Waiting } from "@/ui/State";
import { Editor } from "./Editor";
import "./messages.css";
import "./composer.css";
import type { MessageView } from "./composer";
import { messageKey, readMessage } from "./useMessage";

/** One message for all channels: written on the left, as somebody gets it on the right. */
export default function Composer() {
  const { message = "" } = useParams({ strict: false });
  const client = useQueryClient();
  const [times, setTimes] = useState(0);
  const query = useQuery({
    queryKey: messageKey(message),
    queryFn: () => readMessage(message),
    enabled: message !== "new",
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    staleTime: 0,
  });
  if (message === "new") return <Navigate to="/messages" search={{ new: true } as never} replace />;
  const restart = (view: MessageView) => {
    client.setQueryData(messageKey(message), view);
    setTimes(times + 1);
  };
  if (query.data && query.isFetchedAfterMount)
    return <Editor key={`${query.data.id} ${times}`} view={query.data} restart={restart} />;
  return (
    <Page title={t("messages.one")} back={{ to: "/messages", label: t("messages.title") }}>
      {query.error ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Waiting rows={6} height={56} />
      )}
    </Page>
  );
}
