import "./form.css";
import { useEffect } from "react";
import type { Problem } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t, tn } from "@/lib/i18n";
import { queryClient } from "@/lib/query";
import { useMay } from "@/lib/session";
import { useUrlState } from "@/lib/url";
import { Page } from "@/ui/Page";
import { Loaded } from "@/ui/State";
import { done, failed } from "@/ui/toast";
import { drop, type Edits, useEdits } from "./edits";
import { FORM, type Group, isShown, undone, useChoices, useForm, write } from "./form";
import type { SettingsPage } from "./pages";
import { usePhone } from "./phone";
import { Row } from "./Row";
import { SaveBar } from "./SaveBar";

/** A group of settings: what each is for at the left, its fields at the right; saved together. */
export function GroupPage(props: { page: SettingsPage }) {
  const form = useForm();
  const phone = usePhone();
  return (
    <Page title={t(props.page.title)} back={phone ? { to: "/settings", label: t("settings.title") } : undefined}>
      <p className="soft settings-about">{t(props.page.about)}</p>
      <Loaded query={form} rows={6} height={72}>
        {(groups) => {
          const group = groups.find((one) => one.name === props.page.name);
          return group ? <Rows group={group} /> : null;
        }}
      </Loaded>
    </Page>
  );
}

function Rows({ group }: { group: Group }) {
  const mayWrite = useMay("settings.write");
  const choices = useChoices();
  const all = useEdits();
  const [pointed] = useUrlState<string>("setting", "");
  const shown = group.settings.filter(isShown);
  const names = shown.map((one) => one.name).filter((name) => name in all);
  const edits: Edits = Object.fromEntries(names.flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
  const { save, busy, problem } = useSave(edits, names);
  useFirstFlaw(problem);
  return (
    <>
      <div className="panel settings-rows">
        {shown.map((setting) => (
          <Row
            key={setting.name}
            setting={setting}
            edit={all[setting.name]}
            problem={problem}
            choices={choices}
            pointed={pointed === setting.name}
            disabled={!mayWrite}
          />
        ))}
      </div>
      {!mayWrite && <p className="soft">{t("settings.read_only")}</p>}
      <SaveBar n={names.length} busy={busy} problem={problem} onSave={save} onDiscard={() => drop(names)} />
    </>
  );
}

/** Saves what was changed here; for ten seconds it can be taken back. */
function useSave(edits: Edits, names: string[]) {
  const change = useChange<Edits, Group[], boolean>({
    act: async (wanted) => {
      await write(wanted);
      return true;
    },
    key: FORM,
    now: become,
    quiet: true,
    also: [["session"]],
    said: (saved) => tn("settings.saved", Object.keys(saved).length),
    undo: (before, saved) => before && takeBack(undone(before, saved)),
  });
  const save = async () => {
    if (await change.run(edits)) drop(names);
  };
  return { save: () => void save(), busy: change.busy, problem: names.length ? change.problem : undefined };
}

const become = (groups: Group[], edits: Edits): Group[] =>
  groups.map((group) => ({
    ...group,
    settings: group.settings.map((one) => {
      const edit = edits[one.name];
      return edit ? { ...one, value: edit.value, is_set: !edit.reset } : one;
    }),
  }));

async function takeBack(edits: Edits): Promise<void> {
  try {
    await write(edits);
    done(t("settings.taken_back"));
  } catch (error) {
    failed(error);
  }
  await queryClient.invalidateQueries({ queryKey: FORM });
}

/** The first field with a flaw takes the focus. */
function useFirstFlaw(problem: Problem | undefined): void {
  useEffect(() => {
    if (!problem?.errors.length) return;
    const field = document.querySelector<HTMLElement>(".settings-rows [aria-invalid=true]");
    field?.focus();
  }, [problem]);
}
