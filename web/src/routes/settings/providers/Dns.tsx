import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Button } from "@/ui/controls";
import { Mark, type Tone } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import { Empty, Loaded } from "@/ui/State";
import { Copied } from "../Copied";

const TONES: Record<string, Tone> = { there: "good", other: "bad", missing: "warn", unknown: "calm" };

/** What must stand in the DNS for its mail to be believed, ready to be published, and whether it does. */
export function Dns({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ["provider-dns", id],
    queryFn: () => ask(api.GET("/api/v1/providers/{provider}/dns", { params: { path: { provider: id } } })),
  });
  return (
    <Panel
      title={t("provider.dns")}
      aside={
        <Button variant="default" size="compact-sm" loading={query.isFetching} onClick={() => void query.refetch()}>
          {t("provider.dns.again")}
        </Button>
      }
    >
      <Loaded query={query} rows={3} height={110}>
        {(records) =>
          records.length ? (
            <ul className="records">
              {records.map((record) => (
                <li key={`${record.what} ${record.name}`}>
                  <div className="record-head">
                    <strong>{record.what.toUpperCase()}</strong>
                    <Mark tone={TONES[record.state] ?? "calm"}>{t(`provider.dns.${record.state}`)}</Mark>
                    <span className="soft">{t(`provider.dns.why.${record.what}`)}</span>
                  </div>
                  <dl>
                    <dt className="soft">{t("provider.dns.type")}</dt>
                    <dd>
                      <code>{record.type}</code>
                    </dd>
                    <dt className="soft">{t("app.name")}</dt>
                    <dd>
                      <Copied label={`${record.what.toUpperCase()}, ${t("app.name")}`} text={record.name} />
                    </dd>
                    <dt className="soft">{t("provider.dns.value")}</dt>
                    <dd>
                      <Copied label={`${record.what.toUpperCase()}, ${t("provider.dns.value")}`} text={record.value} />
                    </dd>
                    {record.found.length > 0 && (
                      <>
                        <dt className="soft">{t("provider.dns.found")}</dt>
                        <dd>
                          {record.found.map((one) => (
                            <code key={one} className="raw">
                              {one}
                            </code>
                          ))}
                        </dd>
                      </>
                    )}
                  </dl>
                </li>
              ))}
            </ul>
          ) : (
            <Empty title={t("provider.dns.none")} text={t("provider.dns.none.text")} />
          )
        }
      </Loaded>
    </Panel>
  );
}
