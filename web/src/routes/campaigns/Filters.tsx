import { IconSearch } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { t } from "@/lib/i18n";
import { TextInput } from "@/ui/controls";
import { STATES } from "./campaign";

const PAUSE_MS = 250;

/** A part of the name, message, audience or topic; and any of the states. */
export function Filters(props: {
  q: string;
  onQ: (q: string) => void;
  states: string[];
  onStates: (states: string[]) => void;
}) {
  const [text, setText] = useTyped(props.q, props.onQ);
  const turn = (state: string) =>
    props.onStates(
      props.states.includes(state) ? props.states.filter((one) => one !== state) : [...props.states, state],
    );
  return (
    <search className="filters">
      <TextInput
        aria-label={t("campaigns.search")}
        placeholder={t("campaigns.search")}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={text}
        maxLength={200}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <fieldset className="chips">
        <legend className="unseen">{t("campaigns.state")}</legend>
        {STATES.map((state) => (
          <button
            key={state}
            type="button"
            className="chip"
            aria-pressed={props.states.includes(state)}
            onClick={() => turn(state)}
          >
            {t(`app.state.${state}`)}
          </button>
        ))}
      </fieldset>
    </search>
  );
}

/** What is typed is told shortly after the last letter. */
export function useTyped(value: string, tell: (value: string) => void): [string, (value: string) => void] {
  const [text, setText] = useState(value);
  const [told, setTold] = useState(value);
  if (told !== value) {
    setTold(value);
    setText(value);
  }
  useEffect(() => {
    if (text === told) return;
    const timer = setTimeout(() => {
      setTold(text);
      tell(text);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, told, tell]);
  return [text, setText];
}
