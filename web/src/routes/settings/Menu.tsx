import { IconChevronRight, IconSearch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import { t, tn } from "@/lib/i18n";
import { useShortcuts } from "@/lib/keys";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { TextInput } from "@/ui/controls";
import { useEdits } from "./edits";
import { type Group, useForm } from "./form";
import { type Found, search } from "./found";
import { type Section, useSections } from "./pages";

/** All pages, and a search over every setting on them. */
export function Menu(props: { current?: string; phone: boolean }) {
  const sections = useSections();
  const [looked, setLooked] = useUrlState<string>("find", "");
  const box = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "f", label: t("settings.search"), run: () => box.current?.focus() }]);
  return (
    <nav aria-label={t("settings.pages")} className="settings-menu">
      <TextInput
        ref={box}
        type="search"
        aria-label={t("settings.search")}
        placeholder={t("settings.search")}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={looked}
        onChange={(event) => setLooked(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && setLooked("")}
      />
      {looked.trim() ? (
        <Results looked={looked} sections={sections} />
      ) : (
        sections.map((section) => <Part key={section.title} section={section} {...props} />)
      )}
      {!sections.length && <p className="soft">{t("settings.nothing")}</p>}
    </nav>
  );
}

function Part(props: { section: Section; current?: string; phone: boolean }) {
  const edits = useEdits();
  const form = useForm();
  const changed = (name: string) => hasEdits(form.data, name, edits);
  return (
    <div>
      <h2 className="settings-section">{t(props.section.title)}</h2>
      <ul>
        {props.section.pages.map(({ name, title, about, Icon }) => (
          <li key={name}>
            <Link
              to="/settings/$page"
              params={{ page: name }}
              aria-current={props.current === name ? "page" : undefined}
              data-here={props.current === name}
            >
              <Icon size={18} aria-hidden />
              <span>
                {t(title)}
                {props.phone && <small className="soft">{t(about)}</small>}
              </span>
              {changed(name) && <span className="dot" role="img" aria-label={t("settings.unsaved")} />}
              {props.phone && <IconChevronRight size={18} aria-hidden className="soft" />}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

const hasEdits = (groups: Group[] | undefined, name: string, edits: object): boolean =>
  groups?.find((group) => group.name === name)?.settings.some((one) => one.name in edits) ?? false;

function Results(props: { looked: string; sections: Section[] }) {
  const mayRead = useMay("settings.read");
  const form = useForm();
  const found = search(props.looked, props.sections, mayRead ? (form.data ?? []) : []);
  return (
    <div>
      <p role="status" className="soft settings-section">
        {found.length ? tn("settings.found", found.length) : t("settings.found.none")}
      </p>
      <ul>
        {found.slice(0, 12).map((one) => (
          <li key={`${one.page} ${one.setting ?? ""}`}>
            <Result one={one} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Result({ one }: { one: Found }) {
  return (
    <Link
      to="/settings/$page"
      params={{ page: one.page }}
      search={(before: Record<string, unknown>) => ({ ...before, setting: one.setting })}
    >
      <span>
        {one.title}
        {one.under && <small className="soft">{one.under}</small>}
      </span>
    </Link>
  );
}
