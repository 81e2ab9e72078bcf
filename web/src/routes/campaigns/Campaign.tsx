import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { api, ask } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Tabs } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Page, Panel } from "@/ui/Page";
import { Failed, Waiting } from "@/ui/State";
import { keyOf, TONES } from "./campaign";
import "./campaigns.css";
import "./live/live.css";
import { Actions } from "./live/Actions";
import { useActs } from "./live/acts";
import { useFigures } from "./live/data";
import { Head } from "./live/Head";
import { History } from "./live/History";
import { Results } from "./live/Results";
import { TakeBack } from "./live/TakeBack";

// What is not seen at once comes when it is.
const Failovers = lazy(() => import("./live/Failovers"));
const Recipients = lazy(() => import("./live/Recipients"));
const Shift = lazy(() => import("./live/Shift"));
const Steps = lazy(() => import("./live/Steps"));
const Stopped = lazy(() => import("./live/Stopped"));

const TABS = ["results", "failovers", "people", "steps"] as const;
const BACK = "/campaigns";

/** A campaign while it goes out, and after. */
export default function Campaign() {
  const { campaign = "" } = useParams({ strict: false });
  return <Launched key={campaign} campaign={campaign} />;
}

function Launched({ campaign }: { campaign: string }) {
  const { live, query } = useFigures(campaign);
  const view = useQuery({
    queryKey: [...keyOf(campaign), "view"],
    queryFn: () => ask(api.GET("/api/v1/campaigns/{campaign}", { params: { path: { campaign } } })),
  });
  const acts = useActs(campaign);
  const may = useMay("campaigns.launch");
  const [tab, setTab] = useUrlState<string>("tab", TABS[0]);
  const back = { to: BACK, label: t("campaigns.title") };
  const found = query.data;
  if (!found || !view.data) {
    const error = query.error ?? view.error;
    return (
      <Page title={t("campaigns.one")} back={back}>
        {error ? <Failed error={error} retry={() => void query.refetch()} /> : <Waiting rows={4} height={120} />}
      </Page>
    );
  }
  const { figures, ahead } = found;
  const state = live?.state ?? figures.state;
  if (state === "draft" && figures.state === "draft" && !acts.recall.busy)
    return <Navigate to="/campaigns/$campaign/plan" params={{ campaign }} replace />;
  const shown = { ...figures, state };
  const sent = figures.rows.length > 0;
  return (
    <Page
      title={figures.name}
      back={back}
      badge={<Mark tone={TONES[state] ?? "calm"}>{say(`app.state.${state}`, state)}</Mark>}
      actions={<Actions figures={shown} view={view.data} acts={acts} may={may} />}
    >
      <div className="stack">
        <TakeBack figures={shown} live={live} ahead={ahead} acts={acts} may={may} />
        {shown.stopped && (
          <Suspense fallback={<Waiting rows={1} height={120} />}>
            <Stopped figures={shown} campaign={campaign} may={may} />
          </Suspense>
        )}
        {state === "pilot_done" && (
          <Suspense fallback={<Waiting rows={1} height={420} />}>
            <Shift figures={shown} view={view.data} acts={acts} may={may} />
          </Suspense>
        )}
        <Head figures={shown} view={view.data} live={live} />
        <Tabs
          value={TABS.find((one) => one === tab) ?? TABS[0]}
          onChange={(next) => setTab(next ?? TABS[0])}
          keepMounted={false}
        >
          <Tabs.List aria-label={t("campaigns.views")}>
            {TABS.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {t(`campaigns.tab.${one}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="results" pt={16}>
            <div className="stack">
              <Results rows={figures.rows} />
              {sent && <History campaign={campaign} live={live} view={view.data} />}
              {sent && (state === "running" || state === "paused") && view.data.channels.length > 1 && (
                <Suspense fallback={<Waiting rows={1} height={92} />}>
                  <Shift figures={shown} view={view.data} acts={acts} may={may} folded />
                </Suspense>
              )}
            </div>
          </Tabs.Panel>
          <Tabs.Panel value="failovers" pt={16}>
            <Suspense fallback={<Waiting rows={5} />}>
              <Failovers campaign={campaign} live={live} />
            </Suspense>
          </Tabs.Panel>
          <Tabs.Panel value="people" pt={16}>
            <Suspense fallback={<Waiting rows={5} />}>
              <Recipients campaign={campaign} live={live} />
            </Suspense>
          </Tabs.Panel>
          <Tabs.Panel value="steps" pt={16}>
            <Suspense fallback={<Waiting rows={5} />}>
              <Panel>
                <Steps campaign={campaign} live={live} />
              </Panel>
            </Suspense>
          </Tabs.Panel>
        </Tabs>
      </div>
    </Page>
  );
}
