import { useRef, useState } from "react";
import { t } from "@/lib/i18n";
import { useSession } from "@/lib/session";
import { Menu } from "@/ui/controls";
import { MoreMenu } from "@/ui/IconButton";
import type { Colleague } from "../access/me";
import { Sure } from "../access/Sure";
import type { Does } from "./useColleague";

const RETURN_MS = 50; // after the dialog has tried to: it was opened from a menu that is gone

/** What is done seldom. What cannot be taken back is asked about first. */
export function More({ one, does }: { one: Colleague; does: Does }) {
  const [sure, setSure] = useState<"leave" | "totp">();
  const mine = useSession()?.colleague?.id === one.id;
  const name = one.name;
  const busy = does.proved.busy && !does.proved.proving;
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setSure(undefined);
    setTimeout(() => button.current?.focus(), RETURN_MS);
  };
  return (
    <>
      <MoreMenu
        withInitialFocusPlaceholder={false}
        returnFocus
        button={button}
        size="large"
        label={t("team.more", { name })}
      >
        {one.state === "left" ? (
          <Menu.Item onClick={() => void does.again(one)}>{t("team.again")}</Menu.Item>
        ) : (
          <>
            <Menu.Item onClick={() => void does.link(one)}>{t("team.link")}</Menu.Item>
            {one.state === "active" && (
              <Menu.Item onClick={() => void does.signOut(one)}>{t("team.end_sessions")}</Menu.Item>
            )}
            {(one.has_totp || one.passkeys > 0) && (
              <Menu.Item onClick={() => setSure("totp")}>{t("team.totp.off")}</Menu.Item>
            )}
            {does.isOwner && <Menu.Item onClick={() => void does.forgetSso(one)}>{t("team.forget_sso")}</Menu.Item>}
            {!mine && (
              <Menu.Item className="grave" onClick={() => setSure("leave")}>
                {t("team.leave")}
              </Menu.Item>
            )}
          </>
        )}
      </MoreMenu>
      <Sure
        opened={sure === "leave" && !does.proved.proving}
        title={t("team.leave.title", { name })}
        text={t("team.leave.text", { name })}
        act={t("team.leave")}
        busy={busy}
        onClose={close}
        onSure={async () => (await does.leave(one)) && close()}
      />
      <Sure
        opened={sure === "totp" && !does.proved.proving}
        title={t("team.totp.off.title", { name })}
        text={t("team.totp.off.text", { name })}
        act={t("team.totp.off")}
        busy={busy}
        onClose={close}
        onSure={async () => (await does.totpOff(one)) && close()}
      />
    </>
  );
}
