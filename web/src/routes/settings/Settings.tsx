import { useParams } from "@tanstack/react-router";
import { type ComponentType, lazy, Suspense } from "react";
import { t } from "@/lib/i18n";
import { Page } from "@/ui/Page";
import { Empty, Waiting } from "@/ui/State";
import { GroupPage } from "./GroupPage";
import { Menu } from "./Menu";
import { isGroup, pageNamed, useSections } from "./pages";
import { usePhone } from "./phone";
import "./settings.css";

const files = import.meta.glob<{ default: ComponentType }>([
  "./Audit.tsx",
  "./Debugger.tsx",
  "./Health.tsx",
  "./Keys.tsx",
  "./Providers.tsx",
  "./SingleSignOn.tsx",
  "./Team.tsx",
  "./Topics.tsx",
]);
const FILES: Record<string, string> = {
  audit: "Audit",
  debugger: "Debugger",
  health: "Health",
  keys: "Keys",
  providers: "Providers",
  sso: "SingleSignOn",
  team: "Team",
  topics: "Topics",
};
const own = new Map(
  Object.entries(FILES).flatMap(([name, file]) => {
    const load = files[`./${file}.tsx`];
    return load ? [[name, lazy(load)] as const] : [];
  }),
);

/** A list of pages at the left, the chosen one beside it; on a phone the list leads to them. */
export default function Settings() {
  const { page } = useParams({ strict: false });
  const phone = usePhone();
  const pages = useSections().flatMap((section) => section.pages);
  const name = page ?? (phone ? undefined : pages[0]?.name);
  if (!name)
    return (
      <Page title={t("settings.title")}>
        <Menu phone={phone} />
      </Page>
    );
  return (
    <div className="settings">
      {!phone && <Menu phone={false} current={name} />}
      <div className="settings-page">
        <Suspense fallback={<Waiting rows={6} height={56} />}>
          <Chosen key={name} name={name} may={pages.some((one) => one.name === name)} />
        </Suspense>
      </div>
    </div>
  );
}

function Chosen(props: { name: string; may: boolean }) {
  const page = pageNamed(props.name);
  const Own = own.get(props.name);
  if (!page || !props.may || !(Own || isGroup(props.name)))
    return (
      <Page title={t(page && !props.may ? page.title : "settings.title")} back={BACK()}>
        <Empty
          title={t(page && !props.may ? "settings.not_allowed" : "app.not_found")}
          text={t(page && !props.may ? "settings.not_allowed.text" : "app.not_found.text")}
        />
      </Page>
    );
  return Own ? <Own /> : <GroupPage page={page} />;
}

export const BACK = () => ({ to: "/settings", label: t("settings.title") });
