import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import { Codes } from "./Codes";
import { Looks } from "./Looks";
import { ME, type Mine } from "./me";
import { Part } from "./Part";
import { Passkeys } from "./Passkeys";
import { PasswordChange } from "./PasswordChange";
import { Sessions } from "./Sessions";
import { Who } from "./Who";
import "./access.css";

/** Your own account: what you are called, how the app looks for you, how you sign in, and where you are signed in. */
export default function Me() {
  const query = useQuery({ queryKey: ME, queryFn: () => ask(api.GET("/api/v1/me")) });
  return (
    <Page title={t("app.me")}>
      <Loaded query={query} rows={5} height={140}>
        {(me) => <Parts me={me} />}
      </Loaded>
    </Page>
  );
}

function Parts({ me }: { me: Mine }) {
  return (
    <div className="parts">
      <Part title={t("access.me.who")} text={t("access.me.who.text")}>
        <Who me={me} />
      </Part>
      <Part title={t("access.me.looks")} text={t("access.me.looks.text")}>
        <Looks me={me} />
      </Part>
      <Part title={t("app.password")} text={t("access.me.password.text")}>
        <PasswordChange me={me} />
      </Part>
      <Part title={t("access.me.codes")} text={t("access.me.codes.text")}>
        <Codes me={me} />
      </Part>
      <Part title={t("access.me.passkeys")} text={t("access.me.passkeys.text")}>
        <Passkeys />
      </Part>
      <Part title={t("access.me.sessions")} text={t("access.me.sessions.text")}>
        <Sessions />
      </Part>
    </div>
  );
}
