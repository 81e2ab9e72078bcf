import { useState } from "react";
import type { Problem } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { useSession } from "@/lib/session";
import { Button } from "@/ui/controls";
import { Refused } from "./Door";
import { post } from "./Passkey";

const ROLES = ["owner", "marketer", "analyst"];

/** In the sandbox, on this machine: in as one of the sample company's people, without an account. */
export function Enter() {
  const session = useSession();
  const [problem, setProblem] = useState<Problem>();
  if (!session?.may_enter) return null;
  const enter = async (role: string) => {
    try {
      await post("/api/v1/sandbox/enter", { role });
      location.assign("/app/");
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  return (
    <div style={{ borderTop: "1px solid var(--line)", paddingTop: 16, display: "grid", gap: 10 }}>
      <strong>{t("app.setup.look")}</strong>
      <span className="soft" style={{ fontSize: "0.875rem" }}>
        {t("app.setup.look.text")}
      </span>
      <div style={{ display: "flex", gap: 8, flexWrap: "wrap" }}>
        {ROLES.map((role) => (
          <Button key={role} variant={role === "owner" ? "light" : "default"} onClick={() => void enter(role)}>
            {say(`app.role.${role}`, role)}
          </Button>
        ))}
      </div>
      <Refused problem={problem} />
    </div>
  );
}
