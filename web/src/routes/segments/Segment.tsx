import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { t } from "@/lib/i18n";
import { useLive } from "@/lib/live";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Tabs } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Page } from "@/ui/Page";
import { Loaded, Waiting } from "@/ui/State";
import { Actions } from "./Actions";
import { Overview } from "./Overview";
import "./pages.css";
import { kindName, kindOf, type Numbers, type SegmentPage, segmentQuery, stateName, stateOf, toneOf } from "./segments";

// Each view comes when it is looked at.
const Explain = lazy(async () => ({ default: (await import("./Explain")).Explain }));
const Members = lazy(async () => ({ default: (await import("./Members")).Members }));
const Rule = lazy(async () => ({ default: (await import("./Rule")).Rule }));
const Versions = lazy(async () => ({ default: (await import("./Versions")).Versions }));

export default function Segment() {
  const { segment = "" } = useParams({ strict: false });
  const query = useQuery({
    ...segmentQuery(segment),
    refetchInterval: (now) => (now.state.data?.build ? 1_500 : false),
  });
  if (!query.data)
    return (
      <Page title={t("segments.segment")} back={{ to: "/segments", label: t("segments.title") }}>
        <Loaded query={query} rows={6}>
          {() => null}
        </Loaded>
      </Page>
    );
  return <Shown key={query.data.id} one={query.data} />;
}

const RULE_TABS = ["overview", "people", "rule", "explain", "versions"] as const;
const LIST_TABS = ["overview", "people"] as const;

function Shown({ one }: { one: SegmentPage }) {
  const tabs: readonly (typeof RULE_TABS)[number][] = one.kind === "list" ? LIST_TABS : RULE_TABS;
  const [wanted, setTab] = useUrlState<string>("tab", one.state === "draft" ? "rule" : "overview");
  const tab = tabs.find((name) => name === wanted) ?? "overview";
  const live = useLive<Numbers>(`segment:${one.id}`);
  const mayPeople = useMay("people.read");
  const shown = tabs.filter((name) => mayPeople || (name !== "people" && name !== "explain"));
  const state = stateOf(one);
  return (
    <Page
      title={one.name}
      back={{ to: "/segments", label: t("segments.title") }}
      badge={
        <span className="states">
          <Mark tone={toneOf(state)}>{stateName(state)}</Mark>
          <span className="soft small">{kindName(kindOf(one))}</span>
        </span>
      }
      actions={<Actions one={one} />}
    >
      <Tabs value={tab} onChange={(next) => setTab(next ?? "overview")} keepMounted={false}>
        <Tabs.List mb="md" className="tabs">
          {shown.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`segments.tab.${name}`)}
              {name === "rule" && one.draft !== null && (
                <span className="dot draft" aria-label={t("segments.has_draft")} role="img" />
              )}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Suspense fallback={<Waiting rows={6} />}>
          <Tabs.Panel value="overview">
            <Overview one={one} live={live} />
          </Tabs.Panel>
          <Tabs.Panel value="people">
            <Members one={one} />
          </Tabs.Panel>
          <Tabs.Panel value="rule">
            <Rule one={one} />
          </Tabs.Panel>
          <Tabs.Panel value="explain">
            <Explain one={one} />
          </Tabs.Panel>
          <Tabs.Panel value="versions">
            <Versions one={one} goToRule={() => setTab("rule")} />
          </Tabs.Panel>
        </Suspense>
      </Tabs>
    </Page>
  );
}
