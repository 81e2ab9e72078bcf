import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Failed, Waiting } from "@/ui/State";
import { keyOf } from "./campaign";
import "./campaigns.css";
import "./plan/plan.css";
import { Editor } from "./plan/Editor";
import { NEW, planOf } from "./plan/plan";

/** A campaign before its launch. A new one gets its address when the server first keeps it; the page stays as it is. */
export default function Plan() {
  const { campaign = "new" } = useParams({ strict: false });
  const [made, setMade] = useState<string>();
  if (campaign === "new" || campaign === made) return <Editor key="new" start={NEW} onMade={setMade} />;
  return <Kept key={campaign} campaign={campaign} />;
}

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
  return (
    <Page title={t("campaigns.plan")} back={{ to: "/campaigns", label: t("campaigns.title") }}>
      {query.error ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Waiting rows={7} height={56} />
      )}
    </Page>
  );
}
