import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { list, number, percent } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { Bars } from "@/ui/Bars";
import { Channel } from "@/ui/Channel";
import { Alert, Anchor, MultiSelect, Select, Skeleton } from "@/ui/controls";
import { Failed } from "@/ui/State";
import { useReach, useSegments } from "./data";
import type { StepProps } from "./Editor";
import { NEW } from "./plan";

const UNLESS = ["delivered", "opened", "clicked"] as const;
const FOLLOWED_MAX = 100;

/** Whom it is for, whom it is not for, and over which channels they can be reached. */
export function Audience(props: StepProps & { id?: string }) {
  const { plan, change, flaw } = props;
  const segments = useSegments();
  const names = (segments.data?.segments ?? []).filter((one) => one.state === "live").map((one) => one.name);
  const known = plan.segment && !names.includes(plan.segment) ? [plan.segment, ...names] : names;
  return (
    <>
      <Select
        label={t("campaigns.segment")}
        placeholder={t("campaigns.segment.pick")}
        data={known}
        value={plan.segment || null}
        onChange={(segment) =>
          change({ segment: segment ?? "", exclude: plan.exclude.filter((one) => one !== segment) })
        }
        searchable
        allowDeselect={false}
        nothingFoundMessage={t("campaigns.segment.none")}
        error={flaw("segment")}
        description={
          <Anchor component={Link} to="/segments/new" size="xs">
            {t("campaigns.segment.new")}
          </Anchor>
        }
        inputWrapperOrder={["label", "input", "description", "error"]}
      />
      <MultiSelect
        label={t("campaigns.exclude")}
        description={t("campaigns.exclude.help")}
        placeholder={plan.exclude.length ? "" : t("campaigns.exclude.pick")}
        data={names.filter((name) => name !== plan.segment)}
        value={plan.exclude}
        onChange={(exclude) => change({ exclude })}
        searchable
        maxValues={20}
        error={plan.exclude.map((_, n) => flaw(`exclude[${n}]`)).find(Boolean) ?? flaw("exclude")}
      />
      <FollowField {...props} />
      {plan.segment && <Reach plan={plan} />}
    </>
  );
}

/** How many, and how they can be reached: the size of a skeleton until it is known. */
function Reach({ plan }: { plan: StepProps["plan"] }) {
  const reach = useReach(plan);
  if (reach.error) return <Failed error={reach.error} retry={() => void reach.refetch()} />;
  const found = reach.data;
  if (!found) return <Skeleton height={168} radius={8} />;
  const about = found.exact ? "campaigns.people_n" : "campaigns.people_est";
  return (
    <section className={reach.isPlaceholderData ? "inset stale" : "inset"} aria-label={t("campaigns.reach")}>
      <p role="status" style={{ margin: "0 0 8px" }}>
        <span className="figure">{number(found.count)}</span>{" "}
        <span className="soft">{tn(about, found.count, { margin: percent(found.margin) })}</span>
      </p>
      <Bars
        label={t("campaigns.reach")}
        most={Math.max(1, found.count)}
        bars={Object.entries(found.reach).map(([channel, n]) => ({
          key: channel,
          label: <Channel name={channel} />,
          value: n,
          channel,
          note: percent(found.count ? n / found.count : 0),
        }))}
      />
      {found.sample.length > 0 && (
        <p className="soft small" style={{ margin: "8px 0 0" }}>
          {t("campaigns.such_as", {
            names: list(found.sample.map((one) => one.name ?? one.external_id ?? one.profile)),
          })}
        </p>
      )}
      {found.count === 0 && (
        <Alert color="yellow" variant="light" mt={8} styles={{ message: { color: "inherit" } }}>
          {t("campaigns.nobody")}
        </Alert>
      )}
    </section>
  );
}

/** It complements another campaign: who has seen that one is spared this one. */
function FollowField({ plan, change, flaw, id }: StepProps & { id?: string }) {
  const query = useQuery({
    queryKey: ["campaigns", "followed"],
    queryFn: () =>
      ask(
        api.GET("/api/v1/campaigns", {
          params: {
            query: { state: ["running", "pilot_done", "paused", "done"], sort: "newest", limit: FOLLOWED_MAX },
          },
        }),
      ),
  });
  const names = (query.data?.campaigns ?? []).filter((one) => one.id !== id).map((one) => one.name);
  const chosen = plan.follow?.campaign;
  const data = chosen && !names.includes(chosen) ? [chosen, ...names] : names;
  if (!data.length) return null;
  const unless = plan.follow?.unless ?? NEW_UNLESS;
  return (
    <div className="two">
      <Select
        label={t("campaigns.follow")}
        placeholder={t("campaigns.follow.none")}
        data={data}
        value={chosen ?? null}
        onChange={(campaign) => change({ follow: campaign ? { campaign, unless } : NEW.follow })}
        clearable
        searchable
        error={flaw("follow.campaign")}
      />
      <Select
        label={t("campaigns.follow.unless")}
        data={UNLESS.map((value) => ({ value, label: t(`campaigns.follow.${value}`) }))}
        value={unless}
        disabled={!plan.follow}
        allowDeselect={false}
        onChange={(value) => {
          const next = UNLESS.find((one) => one === value);
          if (plan.follow && next) change({ follow: { ...plan.follow, unless: next } });
        }}
      />
    </div>
  );
}

const NEW_UNLESS = "opened" as const;
