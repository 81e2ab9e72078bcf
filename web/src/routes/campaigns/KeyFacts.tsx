/** What matters most, in large figures: its name, the figure, a note. */
export function KeyFacts(props: { facts: [string, string, string][]; apart?: boolean }) {
  return (
    <dl className="keys" style={props.apart ? { marginTop: 16 } : undefined}>
      {props.facts.map(([name, value, note]) => (
        <div key={name}>
          <dt className="soft">{name}</dt>
          <dd>
            <span className="figure">{value}</span>
            <small className="soft num">{note}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}
