import { useCallback, useSyncExternalStore } from "react";
import { queryClient } from "./query";

/** One socket for the tab: topics are told as a snapshot, then as what changed. See docs/reference/http.md, live numbers. */
type Document = Record<string, unknown>;
type Said = { topic?: string; seq?: number; mark?: string; snapshot?: Document; delta?: Document; error?: string };
type Watched = { seq: number; mark?: string; document?: Document; error?: string; heard: Set<() => void> };
export type LiveState = "live" | "connecting" | "off";

const HIDDEN_MS = 60_000;
const REFUSED = 1008; // signed out elsewhere, or may something else than before
const WAIT_MS = [500, 1_000, 2_000, 5_000, 10_000];

class Live {
  private socket?: WebSocket;
  private topics = new Map<string, Watched>();
  private heard = new Set<() => void>();
  private failures = 0;
  private timer?: ReturnType<typeof setTimeout>;
  state: LiveState = "off";

  constructor() {
    let hidden: ReturnType<typeof setTimeout> | undefined;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(hidden);
      if (document.hidden) hidden = setTimeout(() => this.close(), HIDDEN_MS);
      else this.open();
    });
    addEventListener("online", () => this.open());
  }

  listen(topic: string, hear: () => void): () => void {
    let watched = this.topics.get(topic);
    if (!watched) {
      watched = { seq: 0, heard: new Set() };
      this.topics.set(topic, watched);
      this.tell({ sub: [topic] });
    }
    watched.heard.add(hear);
    this.open();
    return () => {
      watched.heard.delete(hear);
      if (watched.heard.size) return;
      this.topics.delete(topic);
      this.tell({ unsub: [topic] });
      if (!this.topics.size) this.close();
    };
  }

  onState(hear: () => void): () => void {
    this.heard.add(hear);
    return () => this.heard.delete(hear);
  }

  read = (topic: string): Watched | undefined => this.topics.get(topic);

  /** Signed in or out: another cookie, another socket. */
  again(): void {
    this.close();
    this.open();
  }

  private open(): void {
    if (this.socket || !this.topics.size) return;
    clearTimeout(this.timer);
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/live`);
    this.socket = socket;
    this.become("connecting");
    socket.onopen = () => socket.send(JSON.stringify({ sub: [...this.topics.keys()], known: this.known() }));
    socket.onmessage = (message) => this.take(JSON.parse(message.data as string) as Said);
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      if (event.code === REFUSED) void queryClient.invalidateQueries({ queryKey: ["session"] });
      this.become("connecting");
      const wait = WAIT_MS[Math.min(this.failures++, WAIT_MS.length - 1)] ?? 10_000;
      this.timer = setTimeout(() => this.open(), wait * (0.5 + Math.random()));
    };
  }

  /** What is held already: the server says it again only if it has changed. */
  private known(): Record<string, string> {
    const marks = [...this.topics].flatMap(([topic, { mark }]) => (mark ? [[topic, mark] as const] : []));
    return Object.fromEntries(marks);
  }

  private close(): void {
    const socket = this.socket;
    this.socket = undefined;
    clearTimeout(this.timer);
    socket?.close();
    this.become("off");
  }

  private tell(order: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(order));
  }

  private take(said: Said): void {
    this.failures = 0;
    this.become("live");
    const watched = said.topic ? this.topics.get(said.topic) : undefined;
    if (!watched) return;
    if (said.delta && said.seq !== watched.seq + 1) {
      watched.mark = undefined; // a gap: it is told anew
      this.again();
      return;
    }
    watched.mark = said.mark;
    if (said.error) watched.error = said.error;
    else if (said.snapshot) watched.document = said.snapshot;
    else if (said.delta) watched.document = merged(watched.document ?? {}, said.delta);
    if (said.seq) watched.seq = said.seq;
    for (const hear of watched.heard) hear();
  }

  private become(state: LiveState): void {
    if (state === this.state) return;
    this.state = state;
    for (const hear of this.heard) hear();
  }
}

/** Maps change key by key, null takes a key away; everything else is replaced. */
export function merged(before: Document, delta: Document): Document {
  const after = { ...before };
  for (const [key, value] of Object.entries(delta)) {
    const old = before[key];
    if (!isMap(old) || !isMap(value)) after[key] = value;
    else {
      const map = { ...old, ...value };
      for (const [name, inner] of Object.entries(value)) if (inner === null) delete map[name];
      after[key] = map;
    }
  }
  return after;
}

const isMap = (value: unknown): value is Document =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const live = new Live();

/** The newest document of a topic, undefined until it is told; null listens to nothing. */
export function useLive<T>(topic: string | null): T | undefined {
  const listen = useCallback((hear: () => void) => (topic ? live.listen(topic, hear) : () => {}), [topic]);
  return useSyncExternalStore(listen, () => (topic ? (live.read(topic)?.document as T | undefined) : undefined));
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (hear) => live.onState(hear),
    () => live.state,
  );
}
