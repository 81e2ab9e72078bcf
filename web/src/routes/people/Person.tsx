import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { t, tn } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Button, SegmentedControl } from "@/ui/controls";
import { Page } from "@/ui/Page";
import { Failed, Waiting } from "@/ui/State";
import { Actions } from "./Actions";
import { Addresses } from "./Addresses";
import { BestChannel } from "./BestChannel";
import { Consents } from "./Consents";
import { Facts } from "./Facts";
import { Identifiers } from "./Identifiers";
import { Accounts, Did } from "./Lifecycle";
import { nameOf, type PersonPage, personQuery } from "./people";
import { Belongs } from "./Segments";
import { Timeline } from "./Timeline";
import { Traits } from "./Traits";
import "./person.css";

const Merge = lazy(() => import("./Merge"));

/** Everything of one person, in one place. */
export default function Person() {
  const { who = "" } = useParams({ strict: false });
  const query = useQuery({ ...personQuery(who), refetchInterval: 60_000 });
  const page = query.data;
  const back = { to: "/people", label: t("people.title") };
  if (!page)
    return (
      <Page title={t("people.one")} back={back}>
        {query.error ? <Failed error={query.error} retry={() => void query.refetch()} /> : <Frame />}
      </Page>
    );
  return <Known key={page.id} who={who} page={page} back={back} />;
}

function Known(props: { who: string; page: PersonPage; back: { to: string; label: string } }) {
  const { who, page } = props;
  const [tab, setTab] = useUrlState("tab", "timeline");
  const [merging, setMerging] = useState(false);
  const mayWrite = useMay("people.write");
  return (
    <Page
      title={nameOf(page, t("people.nameless"))}
      back={props.back}
      badge={<Facts page={page} />}
      actions={<Actions who={who} page={page} onMerge={() => setMerging(true)} />}
    >
      <SegmentedControl
        className="only-phone"
        fullWidth
        mb="md"
        aria-label={t("people.part")}
        value={tab === "profile" ? "profile" : "timeline"}
        onChange={setTab}
        data={[
          { value: "timeline", label: t("people.timeline") },
          { value: "profile", label: t("people.profile") },
        ]}
      />
      <div className="split person" data-tab={tab === "profile" ? "profile" : "timeline"}>
        <Timeline who={who} />
        <div className="person-side">
          {page.duplicates > 0 && mayWrite && (
            <div className="panel person-hint">
              <span>{tn("people.duplicates", page.duplicates)}</span>
              <Button variant="default" size="compact-sm" onClick={() => setMerging(true)}>
                {t("people.duplicates.look")}
              </Button>
            </div>
          )}
          <Addresses who={who} page={page} />
          <Consents who={who} page={page} />
          <BestChannel page={page} />
          <Belongs page={page} />
          <Traits who={who} page={page} />
          <Identifiers who={who} page={page} />
          <Accounts page={page} />
          <Did page={page} />
        </div>
      </div>
      <Suspense>{merging && <Merge who={who} page={page} onClose={() => setMerging(false)} />}</Suspense>
    </Page>
  );
}

function Frame() {
  return (
    <div className="split person">
      <Waiting rows={10} height={44} />
      <div className="hide-phone">
        <Waiting rows={4} height={160} />
      </div>
    </div>
  );
}
