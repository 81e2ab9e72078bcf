import { IconDots } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { locale, t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Button, Menu } from "@/ui/controls";
import type { PersonPage } from "./people";

const Erase = lazy(() => import("./Erase"));
const PreferencesLink = lazy(() => import("./PreferencesLink"));

/** What may be done with a person as a whole. */
export function Actions(props: { who: string; page: PersonPage; onMerge: () => void }) {
  const { page } = props;
  const [erasing, setErasing] = useState(false);
  const [link, setLink] = useState<string>();
  const [mayWrite, mayPrivacy] = [useMay("people.write"), useMay("people.privacy")];
  const make = useChange({
    key: ["preferences link", page.id],
    act: () => ask(api.POST("/api/v1/profiles/{who}/preferences-link", { params: { path: { who: `id:${page.id}` } } })),
  });
  const name = strongest(page);
  if (!mayWrite && !mayPrivacy) return null;
  const file = (format: string) =>
    `/api/v1/profiles/${encodeURIComponent(name)}/export?format=${format}${format === "html" ? `&lang=${locale}` : ""}`;
  return (
    <>
      <Menu position="bottom-end" width={250}>
        <Menu.Target>
          <Button variant="default" rightSection={<IconDots size={16} aria-hidden />} loading={make.busy}>
            {t("people.acts")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {mayWrite && (
            <>
              <Menu.Item onClick={props.onMerge}>{t("people.merge")}</Menu.Item>
              <Menu.Item onClick={async () => setLink((await make.run(undefined))?.url)}>{t("people.link")}</Menu.Item>
            </>
          )}
          {mayPrivacy && (
            <>
              <Menu.Item component="a" href={file("json")} download>
                {t("people.export.json")}
              </Menu.Item>
              <Menu.Item component="a" href={file("html")} download>
                {t("people.export.html")}
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item color="red" onClick={() => setErasing(true)}>
                {t("people.erase")}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Suspense>
        {erasing && <Erase page={page} name={name} onClose={() => setErasing(false)} />}
        {link && <PreferencesLink url={link} onClose={() => setLink(undefined)} />}
      </Suspense>
    </>
  );
}

/** Their strongest name, as `kind:value`. */
function strongest(page: PersonPage): string {
  const one = page.identifiers.find((each) => !each.shared) ?? page.identifiers[0];
  return one ? `${one.kind}:${one.value}` : `id:${page.id}`;
}
