import { IconLock, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { useSession } from "@/lib/session";
import { Button } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Page, Panel } from "@/ui/Page";
import { Empty, Loaded } from "@/ui/State";
import { Table } from "@/ui/Table";
import { useBack } from "./back";
import { ProviderForm } from "./SingleSignOnForm";
import { SSO, type SsoProvider } from "./sso";
import "../access/access.css";
import "./team.css";

/** Ways in with an account elsewhere. Only an owner sets one up: whoever does could come in as anybody. */
export default function SingleSignOn() {
  const { item } = useParams({ strict: false });
  const query = useQuery({ queryKey: SSO, queryFn: () => ask(api.GET("/api/v1/sso")) });
  const isOwner = useSession()?.role === "owner";
  const back = useBack();
  if (!item) return <List query={query} isOwner={isOwner} />;
  const one = query.data?.providers.find((each) => each.name === item);
  return (
    <Page title={one?.title ?? t("sso.add")} back={{ to: "/settings/sso", label: back?.label ?? t("settings.sso") }}>
      <Loaded query={query} rows={6} height={59}>
        {() =>
          one || (item === "new" && isOwner) ? (
            <ProviderForm key={item} one={one} isOwner={isOwner} />
          ) : (
            <Empty title={t("app.not_found")} text={t("app.not_found.text")} />
          )
        }
      </Loaded>
    </Page>
  );
}

type Query = { data: { providers: SsoProvider[] } | undefined; error: unknown; refetch: () => unknown };

function List({ query, isOwner }: { query: Query; isOwner: boolean }) {
  const back = useBack();
  const all = query.data?.providers;
  const add = isOwner && (
    <Button component={Link} to="/settings/sso/new" leftSection={<IconPlus size={18} aria-hidden />}>
      {t("sso.add")}
    </Button>
  );
  return (
    <Page title={t("settings.sso")} back={back} actions={all?.length ? add : undefined}>
      <Panel>
        <Table<SsoProvider>
          label={t("settings.sso")}
          rows={all}
          error={query.error}
          refetch={query.refetch}
          id={(one) => one.name}
          link={(one) => `/settings/sso/${one.name}`}
          columns={[
            { key: "title", title: t("sso.title"), cell: (one) => one.title },
            { key: "issuer", title: t("sso.issuer"), cell: (one) => one.issuer },
            { key: "domains", title: t("sso.domains"), cell: (one) => one.domains.join(", ") || "–", wideOnly: true },
            {
              key: "role",
              title: t("sso.role"),
              cell: (one) => (one.role ? say(`app.role.${one.role}`, one.role) : "–"),
              wideOnly: true,
            },
            {
              key: "enabled",
              title: t("team.state"),
              cell: (one) => (
                <Mark tone={one.enabled ? "good" : "calm"}>
                  {t(one.enabled ? "sso.enabled.yes" : "sso.enabled.no")}
                </Mark>
              ),
            },
          ]}
          empty={
            <Empty
              icon={<IconLock size={32} aria-hidden />}
              title={t("sso.none")}
              text={t("sso.none.text")}
              action={add || <span className="soft small">{t("sso.owners")}</span>}
            />
          }
        />
      </Panel>
    </Page>
  );
}
