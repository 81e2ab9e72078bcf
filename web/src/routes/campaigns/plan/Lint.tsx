import { IconAlertTriangle, IconBulb, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Anchor } from "@/ui/controls";
import { Loaded } from "@/ui/State";
import { useMessage } from "./data";

const SIGNS = {
  error: { Icon: IconCircleX, colour: "var(--bad)" },
  warning: { Icon: IconAlertTriangle, colour: "var(--warn)" },
  hint: { Icon: IconBulb, colour: "var(--mantine-color-dimmed)" },
};

/** What stands out in the message: each with where it is mended. */
export function Lint(props: { message: string }) {
  const message = useMessage(props.message);
  const id = message?.id;
  const query = useQuery({
    queryKey: ["plan", "lint", id, message?.version],
    queryFn: () => ask(api.GET("/api/v1/messages/{message}/lint", { params: { path: { message: id ?? "" } } })),
    enabled: id !== undefined,
  });
  if (id === undefined) return null;
  return (
    <section>
      <h3>{t("campaigns.lint")}</h3>
      <Loaded query={query} height={28}>
        {({ findings }) =>
          findings.length === 0 ? (
            <p className="found">
              <IconCircleCheck size={18} color="var(--good)" aria-hidden /> {t("campaigns.lint.none")}
            </p>
          ) : (
            <ul className="plain">
              {findings.map((one) => {
                const { Icon, colour } = SIGNS[one.severity];
                return (
                  <li key={`${one.at} ${one.code}`} className="found">
                    <Icon
                      size={18}
                      color={colour}
                      role="img"
                      aria-label={t(`campaigns.lint.${one.severity}`)}
                      style={{ flex: "none" }}
                    />
                    <span>
                      {one.message} <code className="soft">{one.at}</code>
                    </span>
                  </li>
                );
              })}
              <li>
                <Anchor component={Link} to={`/messages/${id}`} size="sm">
                  {t("campaigns.message.open")}
                </Anchor>
              </li>
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}
