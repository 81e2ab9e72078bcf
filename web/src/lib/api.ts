import createClient, { type Middleware } from "openapi-fetch";
import { locale } from "./i18n";
import type { paths } from "./schema";

export type Flaw = { at: string; message: string };

/** What the server refused, in its own sentence (RFC 9457); `errors` say at which field. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly errors: Flaw[] = [],
    readonly retryAfterS?: number,
  ) {
    super(title);
  }

  /** The sentence for one field, if there is one: `of("rule.all[0].within")`. */
  of(at: string): string | undefined {
    return this.errors.find((flaw) => flaw.at === at)?.message;
  }
}

/** Called when the server says that nobody is signed in any more. */
let onSignedOut = () => {};
export const whenSignedOut = (act: () => void) => {
  onSignedOut = act;
};

export async function problemOf(response: Response): Promise<Problem> {
  const retry = Number(response.headers.get("retry-after")) || undefined;
  try {
    const said = await response.json();
    return new Problem(response.status, said.code ?? "http_error", said.title ?? "", said.errors ?? [], retry);
  } catch {
    return new Problem(response.status, "http_error", "", [], retry);
  }
}

const refuse: Middleware = {
  async onResponse({ response, schemaPath }) {
    if (response.ok) return;
    const problem = await problemOf(response);
    if (problem.status === 401 && schemaPath !== "/api/v1/session") onSignedOut();
    throw problem;
  },
  onError({ error }) {
    return error instanceof Problem ? error : new Problem(0, "unreachable", "");
  },
};

/** The server says its sentences in the language of the app, whatever the browser prefers. */
const headers = { "Accept-Language": locale };
/** `await ask(api.GET("/api/v1/campaigns"))`: the body, or a `Problem` is thrown. */
export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin", headers });
api.use(refuse);

type Method = "get" | "post" | "put" | "patch" | "delete";
type Json<R> = R extends { content: { "application/json": infer J } } ? J : never;
/** What an operation answers when all is well: `Answer<"/api/v1/campaigns", "get">`. By path, because the names of
 *  components change when two are alike. */
export type Answer<P extends keyof paths, M extends Method> = paths[P][M] extends { responses: infer R }
  ? { [S in keyof R]: S extends 200 | 201 | 202 ? Json<R[S]> : never }[keyof R]
  : never;
/** What an operation wants: its JSON body. */
export type Body<P extends keyof paths, M extends Method> = paths[P][M] extends { requestBody?: infer B }
  ? Json<B>
  : never;

export async function ask<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** For files and other bodies that are not JSON. */
export async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init, headers: { ...headers, ...init.headers } });
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401) onSignedOut();
  throw problem;
}
