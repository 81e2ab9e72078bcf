import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { Anchor, Button } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Page, Panel } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import { useBack } from "./back";

const ICONS = { ok: IconCircleCheck, warn: IconAlertTriangle, fail: IconCircleX };
const COLOURS = { ok: "var(--good)", warn: "var(--warn)", fail: "var(--bad)" };
const GRAVEST = { fail: 0, warn: 1, ok: 2 };

/** What `antiphon doctor` checks, each with a way out; what is wrong first. */
export default function Health() {
  const query = useQuery({
    queryKey: ["doctor"],
    queryFn: () => ask(api.GET("/api/v1/doctor")),
    refetchInterval: 30_000,
  });
  const tone = query.data?.ok ? "good" : "bad";
  return (
    <Page
      title={t("settings.health")}
      back={useBack()}
      badge={query.data && <Mark tone={tone}>{t(query.data.ok ? "health.ok" : "health.fail")}</Mark>}
      actions={
        <Button variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>
          {t("health.again")}
        </Button>
      }
    >
      <p className="soft settings-about">{t("settings.health.about")}</p>
      <div className="stack">
        <Panel>
          <Loaded query={query} rows={7} height={44}>
            {({ checks }) => (
              <ul className="checks">
                {[...checks]
                  .sort((a, b) => GRAVEST[a.state] - GRAVEST[b.state])
                  .map((check) => {
                    const Icon = ICONS[check.state];
                    return (
                      <li key={check.name}>
                        <Icon
                          size={20}
                          color={COLOURS[check.state]}
                          role="img"
                          aria-label={t(`health.state.${check.state}`)}
                        />
                        <div>
                          <strong>{say(`health.check.${check.name.replaceAll(" ", "_")}`, check.name)}</strong>
                          <p className="soft">{check.says}</p>
                          {check.way_out && <p>{check.way_out}</p>}
                        </div>
                      </li>
                    );
                  })}
              </ul>
            )}
          </Loaded>
        </Panel>
        <p className="soft" style={{ margin: 0, fontSize: "0.875rem" }}>
          Antiphon {query.data?.version} · <Anchor href="/app/licences.md">{t("health.licences")}</Anchor>
        </p>
      </div>
    </Page>
  );
}
