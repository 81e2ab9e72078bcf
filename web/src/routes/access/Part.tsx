import type { ReactNode } from "react";

/** A part of a page of settings: what it is for at the left, what can be done at the right. */
export function Part(props: { title: string; text: string; children: ReactNode }) {
  return (
    <section className="panel part" aria-label={props.title}>
      <div>
        <h2>{props.title}</h2>
        <p className="soft">{props.text}</p>
      </div>
      <div className="part-fields">{props.children}</div>
    </section>
  );
}
