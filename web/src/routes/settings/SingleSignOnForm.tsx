import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ask, type Problem } from "@/lib/api";
import { say, t } from "@/lib/i18n";
import { Button, NativeSelect, Switch, TagsInput, TextInput } from "@/ui/controls";
import { Password } from "@/ui/Password";
import { Failed } from "@/ui/State";
import { done } from "@/ui/toast";
import { Once } from "../access/Once";
import { useProved } from "../access/prove";
import { Sure } from "../access/Sure";
import { SingleSignOnCheck } from "./SingleSignOnCheck";
import { plainName, ROLES_GIVEN, SSO, type SsoProvider, type SsoSettings } from "./sso";

type Fields = Required<Omit<SsoSettings, "secret">> & { secret: string; name: string };

const empty: Fields = {
  name: "",
  title: "",
  issuer: "",
  client_id: "",
  secret: "",
  domains: [],
  role: null,
  enabled: true,
  trusted: false,
  second_factor: "assumed",
  acr: [],
};
const COUNTED = ["assumed", "told"] as const;
const FIELDS = ["title", "name", "issuer", "client_id", "secret", "domains", "role", "acr"];

/** One provider: what to type in there, and what they gave in return. */
export function ProviderForm({ one, isOwner }: { one: SsoProvider | undefined; isOwner: boolean }) {
  const [fields, setFields] = useState<Fields>(one ? { ...empty, ...one } : empty);
  const proved = useProved({ quiet: true });
  const client = useQueryClient();
  const navigate = useNavigate();
  const name = one?.name ?? (fields.name || plainName(fields.title));
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const body = bodyOf(fields, one !== undefined);
    const saved = await proved.run(() => ask(api.PUT("/api/v1/sso/{name}", { params: { path: { name } }, body })));
    if (!saved) return;
    setFields({ ...fields, secret: "" });
    await client.invalidateQueries({ queryKey: SSO });
    done(t("sso.saved", { title: saved.title }));
    if (!one) void navigate({ to: "/settings/$page/$item", params: { page: "sso", item: saved.name }, replace: true });
  };
  return (
    <div className="sso">
      <form className="panel fields" onSubmit={(event) => void save(event)}>
        <fieldset className="fields bare" disabled={!isOwner}>
          <Inputs fields={fields} set={setFields} name={name} one={one} problem={proved.problem} />
        </fieldset>
        {proved.problem && !FIELDS.some((at) => proved.problem?.of(at)) && <Failed error={proved.problem} />}
        {isOwner ? (
          <div className="part-acts">
            <Button type="submit" loading={proved.busy && !proved.proving} disabled={!name}>
              {t("app.save")}
            </Button>
            {one && <Remove one={one} />}
          </div>
        ) : (
          <p className="soft small plain">{t("sso.owners")}</p>
        )}
        {proved.dialog}
      </form>
      <div className="parts">
        <section className="panel fields" aria-label={t("sso.type_in")}>
          <h2 className="plain heading">{t("sso.type_in")}</h2>
          <Once label={t("sso.callback")} value={one?.callback ?? `${location.origin}/sso/${name || "…"}/callback`} />
          <Once label={t("sso.logout")} value={one?.logout ?? `${location.origin}/sso/${name || "…"}/logout`} />
        </section>
        {one && <SingleSignOnCheck name={one.name} />}
      </div>
    </div>
  );
}

const bodyOf = ({ name: _name, secret, ...fields }: Fields, kept: boolean): SsoSettings => ({
  title: fields.title,
  issuer: fields.issuer.trim(),
  client_id: fields.client_id.trim(),
  domains: fields.domains,
  role: fields.role,
  enabled: fields.enabled,
  trusted: fields.trusted,
  second_factor: fields.second_factor,
  acr: fields.second_factor === "told" ? fields.acr : [],
  ...(secret || !kept ? { secret } : {}),
});

type InputsProps = {
  fields: Fields;
  set: (next: Fields) => void;
  name: string;
  one: SsoProvider | undefined;
  problem: Problem | undefined;
};

function Inputs({ fields, set, name, one, problem }: InputsProps) {
  const text = (key: "title" | "issuer" | "client_id") => ({
    value: fields[key],
    onChange: (event: { currentTarget: { value: string } }) => set({ ...fields, [key]: event.currentTarget.value }),
    error: problem?.of(key),
    required: true,
    withAsterisk: false,
    autoComplete: "off",
  });
  return (
    <>
      <TextInput label={t("sso.title")} {...text("title")} />
      {!one && (
        <TextInput
          label={t("sso.name")}
          description={t("sso.name.hint")}
          value={name}
          onChange={(event) => set({ ...fields, name: event.currentTarget.value })}
          error={problem?.of("name")}
          autoComplete="off"
        />
      )}
      <TextInput label={t("sso.issuer")} description={t("sso.issuer.hint")} type="url" {...text("issuer")} />
      <TextInput label={t("sso.client_id")} {...text("client_id")} />
      <Password
        label={t("sso.secret")}
        description={one ? t("sso.secret.keep") : undefined}
        value={fields.secret}
        onChange={(event) => set({ ...fields, secret: event.currentTarget.value })}
        required={!one}
        withAsterisk={false}
        autoComplete="off"
        error={problem?.of("secret")}
      />
      <TagsInput
        label={t("sso.domains")}
        description={t("sso.domains.hint")}
        placeholder={fields.domains.length ? undefined : "example.org"}
        value={fields.domains}
        onChange={(domains) => set({ ...fields, domains })}
        splitChars={[",", " ", ";"]}
        acceptValueOnBlur
        error={problem?.of("domains")}
      />
      <NativeSelect
        label={t("sso.role")}
        value={fields.role ?? ""}
        data={[
          { value: "", label: t("sso.role.none") },
          ...ROLES_GIVEN.map((role) => ({ value: role, label: say(`app.role.${role}`, role) })),
        ]}
        onChange={(event) =>
          set({ ...fields, role: ROLES_GIVEN.find((one) => one === event.currentTarget.value) ?? null })
        }
        error={problem?.of("role")}
      />
      <Switch
        label={t("sso.enabled")}
        checked={fields.enabled}
        onChange={(event) => set({ ...fields, enabled: event.currentTarget.checked })}
      />
      <Switch
        label={t("sso.trusted")}
        description={t("sso.trusted.hint")}
        checked={fields.trusted}
        onChange={(event) => set({ ...fields, trusted: event.currentTarget.checked })}
      />
      <SecondFactor fields={fields} set={set} problem={problem} />
    </>
  );
}

/** Whether who comes from there has shown two factors. */
function SecondFactor({ fields, set, problem }: Pick<InputsProps, "fields" | "set" | "problem">) {
  return (
    <>
      <NativeSelect
        label={t("sso.second_factor")}
        value={fields.second_factor}
        data={COUNTED.map((value) => ({ value, label: t(`sso.second_factor.${value}`) }))}
        onChange={(event) =>
          set({ ...fields, second_factor: COUNTED.find((one) => one === event.currentTarget.value) ?? "assumed" })
        }
      />
      {fields.second_factor === "told" && (
        <TagsInput
          label={t("sso.acr")}
          description={t("sso.acr.hint")}
          value={fields.acr}
          onChange={(acr) => set({ ...fields, acr })}
          splitChars={[",", " "]}
          acceptValueOnBlur
          error={problem?.of("acr") ?? problem?.of("acr[0]")}
        />
      )}
    </>
  );
}

function Remove({ one }: { one: SsoProvider }) {
  const [sure, setSure] = useState(false);
  const proved = useProved();
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = async () => {
    const gone = await proved.run(async () => {
      await ask(api.DELETE("/api/v1/sso/{name}", { params: { path: { name: one.name } } }));
      return true;
    });
    if (!gone) return;
    await navigate({ to: "/settings/$page", params: { page: "sso" } });
    await client.invalidateQueries({ queryKey: SSO });
    done(t("sso.deleted", { title: one.title }));
  };
  return (
    <>
      <Button variant="subtle" className="grave" onClick={() => setSure(true)}>
        {t("app.delete")}
      </Button>
      <Sure
        opened={sure && !proved.proving}
        title={t("sso.delete.title", { title: one.title })}
        text={t("sso.delete.text", { title: one.title })}
        act={t("app.delete")}
        busy={proved.busy}
        onClose={() => setSure(false)}
        onSure={remove}
      />
      {proved.dialog}
    </>
  );
}
