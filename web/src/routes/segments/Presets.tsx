import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask, Problem } from "@/lib/api";
import { useChange } from "@/lib/change";
import { say, t } from "@/lib/i18n";
import { sentence } from "@/lib/say";
import { Button, Modal, NumberInput, TagsInput, TextInput } from "@/ui/controls";
import { Loaded, Waiting } from "@/ui/State";
import { type Preset, presetsQuery } from "./segments";
import { type Rule, rooted } from "./tree";

type Value = Preset["parameters"][number]["default"];
type Values = Record<string, Value>;

const titleOf = (one: Preset): string => say(`segments.preset.${one.name}`, one.title);

/** Rules and ladders that are often wanted. */
export function Presets(props: { use: (name: string, rule: Rule) => void }) {
  const query = useQuery(presetsQuery);
  const [open, setOpen] = useState<Preset>();
  return (
    <Loaded query={query} rows={4} height={120}>
      {({ presets }) => (
        <>
          <ul className="grid presets">
            {presets.map((one) => (
              <li key={one.name} className="panel preset">
                <h2>{titleOf(one)}</h2>
                <p className="soft small">{say(`segments.preset.${one.name}.text`, one.description)}</p>
                <Button
                  variant="default"
                  onClick={() => setOpen(one)}
                  aria-label={t("segments.preset.use_of", { name: titleOf(one) })}
                >
                  {t(one.makes === "rule" ? "segments.preset.use" : "segments.preset.ladder")}
                </Button>
              </li>
            ))}
          </ul>
          <Modal opened={open !== undefined} onClose={() => setOpen(undefined)} title={open && titleOf(open)} size="lg">
            {open && <Chosen key={open.name} preset={open} use={props.use} />}
          </Modal>
        </>
      )}
    </Loaded>
  );
}

function Chosen({ preset, use }: { preset: Preset; use: (name: string, rule: Rule) => void }) {
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(preset.parameters.map((one) => [one.name, one.default])),
  );
  const [name, setName] = useState(titleOf(preset));
  const navigate = useNavigate();
  const query = useQuery({
    queryKey: ["segments", "preset", preset.name, values],
    queryFn: () =>
      ask(
        api.POST("/api/v1/segments/presets/{name}", {
          params: { path: { name: preset.name } },
          body: { parameters: values },
        }),
      ),
    retry: false,
  });
  const ladder = useChange({
    key: ["segments"],
    quiet: true,
    act: (called: string) =>
      ask(
        api.POST("/api/v1/ladders", {
          body: { name: called, stages: (query.data?.stages ?? []).map((one) => ({ name: one.name, rule: one.rule })) },
        }),
      ),
  });
  const begin = async () => {
    if (query.data?.rule) return use(name, rooted(query.data.rule));
    const made = await ladder.run(name.trim());
    const first = made?.stages[0];
    if (first) void navigate({ to: "/segments/$segment", params: { segment: first.segment } });
  };
  const problem = query.error instanceof Problem ? query.error : undefined;
  return (
    <div className="fields">
      <TextInput
        label={t("app.name")}
        value={name}
        error={ladder.problem?.title}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {preset.parameters.map((one) => (
        <Parameter
          key={one.name}
          label={say(`segments.parameter.${one.name}`, one.says)}
          value={values[one.name] ?? one.default}
          error={problem?.of(`parameters.${one.name}`)}
          onChange={(next) => setValues({ ...values, [one.name]: next })}
        />
      ))}
      {query.data ? (
        <div className="opened">
          {query.data.text && <pre>{query.data.text}</pre>}
          {query.data.stages?.map((stage) => (
            <details key={stage.name}>
              <summary>{stage.name}</summary>
              <pre>{stage.text}</pre>
            </details>
          ))}
        </div>
      ) : problem ? (
        <p className="bad small">{sentence(problem)}</p>
      ) : (
        <Waiting rows={2} />
      )}
      <div>
        <Button disabled={!query.data || !name.trim()} loading={ladder.busy} onClick={() => void begin()}>
          {t(preset.makes === "rule" ? "segments.preset.edit" : "segments.preset.make_ladder")}
        </Button>
      </div>
    </div>
  );
}

function Parameter(props: { label: string; value: Value; error?: string; onChange: (next: Value) => void }) {
  const { label, value, error, onChange } = props;
  if (typeof value === "number")
    return (
      <NumberInput
        label={label}
        value={value}
        error={error}
        min={0}
        onChange={(next) => typeof next === "number" && onChange(next)}
      />
    );
  if (typeof value === "string")
    return (
      <TextInput label={label} value={value} error={error} onChange={(event) => onChange(event.currentTarget.value)} />
    );
  return <TagsInput label={label} value={value} error={error} onChange={onChange} />;
}
