/** A state in a word with a dot: "running", "paused". The word says it, the colour helps. */
export type Tone = "good" | "warn" | "bad" | "calm" | "live";

const COLOURS: Record<Tone, string> = {
  good: "var(--good)",
  warn: "var(--warn)",
  bad: "var(--bad)",
  calm: "var(--mantine-color-dimmed)",
  live: "var(--mantine-color-anchor)",
};

export function Mark(props: { tone: Tone; children: string }) {
  return (
    <span
      style={{
        display: "inline-flex",
        gap: 6,
        alignItems: "center",
        fontSize: "0.8125rem",
        fontWeight: 550,
        color: COLOURS[props.tone],
        whiteSpace: "nowrap",
      }}
    >
      <span className="dot" aria-hidden />
      {props.children}
    </span>
  );
}
