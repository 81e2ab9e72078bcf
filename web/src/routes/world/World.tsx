import { t } from "@/lib/i18n";
import { useLive } from "@/lib/live";
import { Page, Panel } from "@/ui/Page";
import { Empty, Waiting } from "@/ui/State";
import { Clock } from "./Clock";
import { Faults } from "./Faults";
import { Happens } from "./Happens";
import type { LiveSandbox } from "./world";

/** The sandbox: what goes wrong outside, and time, as buttons; beside them, what Antiphon does about it. */
export default function World() {
  const sandbox = useLive<LiveSandbox>("sandbox");
  return (
    <Page title={t("world.title")}>
      <p className="soft" style={{ margin: "-8px 0 16px", maxWidth: 720 }}>
        {t("world.about")}
      </p>
      <div className="split">
        <div style={{ display: "grid", gap: 16 }}>
          {!sandbox && <Waiting rows={6} height={44} />}
          {sandbox && !sandbox.faults && (
            <Panel>
              <Empty title={t("world.alone")} text={t("world.alone.text")} />
            </Panel>
          )}
          {sandbox?.faults && <Faults on={sandbox.faults} />}
          <Happens />
        </div>
        <Clock sandbox={sandbox} />
      </div>
    </Page>
  );
}
