import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, ask, Problem } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Button } from "@/ui/controls";
import { Failed } from "@/ui/State";
import { Closed, Door } from "./Door";

export type Target = { kind: "invitation" | "password"; email: string; name: string; company: string };

/** What the link leads to; the token is in the fragment, which no server and no log sees. */
export function Link(props: { title: string; fields: number; children: (found: Target, token: string) => ReactNode }) {
  const token = location.hash.slice(1);
  const query = useQuery({
    queryKey: ["link", token],
    queryFn: () => ask(api.POST("/api/v1/links/look", { body: { token } })),
    enabled: token !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (query.data) return <>{props.children(query.data, token)}</>;
  if (token && !query.error) return <Closed title={props.title} fields={props.fields} />;
  const bad = !token || (query.error instanceof Problem && query.error.code === "bad_link");
  return (
    <Door title={bad ? t("app.invitation.bad") : props.title} text={bad ? t("app.invitation.bad.text") : undefined}>
      {!bad && <Failed error={query.error} retry={() => void query.refetch()} />}
      <Button component="a" href="/app/sign-in" fullWidth variant={bad ? "filled" : "default"}>
        {t("app.sign_in")}
      </Button>
    </Door>
  );
}
