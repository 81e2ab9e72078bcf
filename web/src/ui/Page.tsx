import { IconChevronLeft } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";

/** The first page leaves the focus where a browser begins: at the way past the navigation. */
let isFollowing = false;

/** The frame of every screen: the title is the page's only h1, names the tab, and takes the focus when the page changes. */
export function Page(props: {
  title: string;
  back?: { to: string; label: string };
  badge?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.title} · Antiphon`;
  }, [props.title]);
  useEffect(() => {
    if (isFollowing && document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
    isFollowing = true;
  }, []);
  return (
    <>
      <header className="head">
        {props.back && (
          <Link to={props.back.to} className="back">
            <IconChevronLeft size={16} aria-hidden /> {props.back.label}
          </Link>
        )}
        <h1 ref={heading} tabIndex={-1}>
          {props.title}
        </h1>
        {props.badge}
        {props.actions && <div className="acts">{props.actions}</div>}
      </header>
      {props.children}
    </>
  );
}

/** A part of a page with a heading of its own. */
export function Panel(props: { title?: string; aside?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={`panel ${props.className ?? ""}`} aria-label={props.title}>
      {props.title && (
        <div
          style={{ display: "flex", justifyContent: "space-between", alignItems: "center", gap: 8, marginBottom: 12 }}
        >
          <h2 style={{ fontSize: "0.9375rem", fontWeight: 600, margin: 0 }}>{props.title}</h2>
          {props.aside}
        </div>
      )}
      {props.children}
    </section>
  );
}
