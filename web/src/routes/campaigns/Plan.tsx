import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Failed, Waiting } from "@/ui/State";
import { keyOf } from "./campaign";
import "./campaigns.css";
import "./plan/plan.css";
import { useMessages } from "./plan/data";
import { Editor } from "./plan/Editor";
import { NEW, type Plan as PlanOf, planOf } from "./plan/plan";

/** A campaign before its launch. A new one gets its address when the server first keeps it; the page stays as it is. */
export default function Plan() {
  const { campaign = "new" } = useParams({ strict: false });
  const [made, setMade] = useState<string>();
  if (campaign === "new" || campaign === made) return <New key="new" onMade={setMade} />;
  return <Kept key={campaign} campaign={campaign} />;
}

/** From a segment or a message it begins with that (`?segment=`, `?message=`, by name), the message with its channels. */
function New(props: { onMade: (id: string) => void }) {
  const [asked] = useState(useSearch({ strict: false }) as { segment?: unknown; message?: unknown });
  const messages = useMessages();
  const message = messages.data?.messages.find((one) => one.name === String(asked.message));
  if (asked.message !== undefined && messages.isPending) return <Coming />;
  const start = { ...NEW, segment: String(asked.segment ?? ""), ...begun(message) };
  return <Editor start={start} onMade={props.onMade} />;
}

const begun = (message: { name: string; channels: string[] } | undefined): Partial<PlanOf> =>
  message ? { message: message.name, channels: message.channels } : {};

function Kept({ campaign }: { campaign: string }) {
  const query = useQuery({
    queryKey: [...keyOf(campaign), "plan"],
    queryFn: () => ask(api.GET("/api/v1/campaigns/{campaign}", { params: { path: { campaign } } })),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (query.data && query.data.state !== "draft")
    return <Navigate to="/campaigns/$campaign" params={{ campaign }} replace />;
  if (query.data) return <Editor campaign={campaign} start={planOf(query.data)} usual={query.data.limits} />;
  return <Coming error={query.error} retry={() => void query.refetch()} />;
}

function Coming(props: { error?: unknown; retry?: () => void }) {
  return (
    <Page title={t("campaigns.plan")} back={{ to: "/campaigns", label: t("campaigns.title") }}>
      {props.error ? <Failed error={props.error} retry={props.retry} /> : <Waiting rows={7} height={56} />}
    </Page>
  );
}
