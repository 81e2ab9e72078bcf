import "./providers.css";
import { IconChevronRight } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask, Problem } from "@/lib/api";
import { t } from "@/lib/i18n";
import { queryClient } from "@/lib/query";
import { useUrlState } from "@/lib/url";
import { Channel } from "@/ui/Channel";
import { Button, TextInput } from "@/ui/controls";
import { Page, Panel } from "@/ui/Page";
import { SchemaForm } from "@/ui/SchemaForm";
import { Loaded } from "@/ui/State";
import { done, failed } from "@/ui/toast";
import {
  ACCOUNTS,
  type Account,
  type Adapter,
  adapterAbout,
  adapterSchema,
  adapterTitle,
  CHANNELS,
  missing,
  refusedBy,
  useAccounts,
  useAdapters,
} from "./account";
import { useCheck } from "./check";
import { Tried } from "./Tried";

/** First what it is, then how it is reached; tried before it is kept. */
export default function NewProvider() {
  const adapters = useAdapters();
  useAccounts();
  const [name, setName] = useUrlState("adapter", "");
  const chosen = adapters.data?.find((one) => one.name === name);
  return (
    <Page
      title={chosen ? t("provider.new", { adapter: adapterTitle(chosen) }) : t("provider.add")}
      back={{ to: "/settings/providers", label: t("settings.providers") }}
    >
      <Loaded query={adapters} rows={6} height={56}>
        {(all) =>
          chosen ? (
            <Form key={chosen.name} adapter={chosen} onOther={() => setName("")} />
          ) : (
            <Choose all={all} onChoose={setName} />
          )
        }
      </Loaded>
    </Page>
  );
}

function Choose(props: { all: Adapter[]; onChoose: (name: string) => void }) {
  return (
    <div className="stack">
      {CHANNELS.filter((channel) => props.all.some((one) => one.channel === channel)).map((channel) => (
        <section key={channel}>
          <h2 className="settings-section choose-channel">
            <Channel name={channel} />
          </h2>
          <div className="grid" style={{ "--min": "280px", gap: 12 } as React.CSSProperties}>
            {props.all
              .filter((one) => one.channel === channel)
              .map((one) => (
                <button key={one.name} type="button" className="panel choice" onClick={() => props.onChoose(one.name)}>
                  <span>
                    <strong>{adapterTitle(one)}</strong>
                    <small className="soft">{adapterAbout(one)}</small>
                  </span>
                  <IconChevronRight size={18} aria-hidden className="soft" />
                </button>
              ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function Form(props: { adapter: Adapter; onOther: () => void }) {
  const { adapter } = props;
  const schema = adapterSchema(adapter);
  const check = useCheck();
  const [name, setName] = useState(adapterTitle(adapter));
  const [settings, setSettings] = useState<Record<string, unknown>>({});
  const { keep, busy } = useKeep(check.refuse);
  const save = () => {
    const flaws = missing(schema, settings, []);
    if (!name.trim()) flaws.unshift({ at: "name", message: t("provider.needed") });
    if (flaws.length) check.refuse(refusedBy(flaws));
    else void keep({ name: name.trim(), adapter: adapter.name, settings, rank: after(adapter.channel) });
  };
  return (
    <div className="split">
      <Panel>
        <form
          className="fields"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
        >
          <p className="soft" style={{ margin: 0 }}>
            {adapterAbout(adapter)}{" "}
            <button type="button" className="link" onClick={props.onOther}>
              {t("provider.other")}
            </button>
          </p>
          <TextInput
            label={t("app.name")}
            description={t("provider.name.help")}
            withAsterisk
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={check.problem?.of("name")}
          />
          <SchemaForm
            schema={schema}
            value={settings}
            onChange={setSettings}
            problem={check.problem}
            under="settings"
          />
          <div className="acts">
            <Button
              variant="default"
              loading={check.busy}
              onClick={() => void check.run({ adapter: adapter.name, schema, settings, kept: [] })}
            >
              {t("provider.check")}
            </Button>
            <Button type="submit" loading={busy}>
              {t("provider.keep")}
            </Button>
          </div>
        </form>
      </Panel>
      <Panel title={t("provider.check")}>
        <Tried tried={check.tried} />
      </Panel>
    </div>
  );
}

type Wanted = { name: string; adapter: string; settings: Record<string, unknown>; rank: number };

/** After those that there are: nothing takes another way because an account was added. */
const after = (channel: string): number => {
  const known = queryClient.getQueryData<Account[]>(ACCOUNTS) ?? [];
  return Math.max(-1, ...known.filter((one) => one.channel === channel && one.sends).map((one) => one.rank)) + 1;
};

function useKeep(refuse: (problem: Problem) => void) {
  const [busy, setBusy] = useState(false);
  const navigate = useNavigate();
  const keep = async (wanted: Wanted) => {
    setBusy(true);
    try {
      const { id } = await ask(api.POST("/api/v1/providers", { body: { ...wanted, weight: 100, unit_cost: 0 } }));
      await queryClient.invalidateQueries({ queryKey: ACCOUNTS });
      done(t("provider.kept", { name: wanted.name }));
      await navigate({ to: "/settings/$page/$item", params: { page: "providers", item: id } });
    } catch (error) {
      if (error instanceof Problem && error.errors.length) refuse(error);
      else failed(error);
      setBusy(false);
    }
  };
  return { keep, busy };
}
