import { Toasts } from "@/shell/Toasts";
import { Page } from "@/ui/Page";
import { Forms } from "./Forms";
import { Lists } from "./Lists";
import { Pictures } from "./Pictures";

/** Every part of the kit on one page: what a test looks at, and what an author copies from. */
export function Kit() {
  return (
    <main className="main" id="main">
      <Page title="Kit">
        <div style={{ display: "grid", gap: 24 }}>
          <Pictures />
          <Lists />
          <Forms />
        </div>
      </Page>
      <Toasts />
    </main>
  );
}
