import { queryOptions } from "@tanstack/react-query";
import { type Answer, api, ask, Problem } from "@/lib/api";

export type ImportPage = Answer<"/api/v1/imports", "post">;
export type ImportView = Answer<"/api/v1/imports/{import_id}/cancel", "post">;
export type Mapped = Answer<"/api/v1/imports/{import_id}/mapping", "put">;
export type Column = ImportPage["columns"][number];
export type ReadRow = ImportPage["rows"][number];
export type Trial = Mapped["trial"];
export type Kind = ImportView["kind"];
export type Mode = ImportView["mode"];

const POLL_MS = 1_000;
export const isAtWork = (state: ImportView["state"]): boolean => state === "queued" || state === "running";

/** While it is taken in, it is asked for every second. */
export const importQuery = (id: string) =>
  queryOptions({
    queryKey: ["import", id],
    queryFn: (): Promise<ImportPage> =>
      ask(api.GET("/api/v1/imports/{import_id}", { params: { path: { import_id: id } } })),
    refetchInterval: (query) => (query.state.data && isAtWork(query.state.data.state) ? POLL_MS : false),
  });

/** Of the ways to send a file, this one says how much is gone. */
export function upload(
  file: File,
  kind: Kind,
  region: string | null,
  onShare: (share: number) => void,
): Promise<ImportPage> {
  const query = new URLSearchParams({ kind, name: file.name.slice(0, 200) });
  if (region) query.set("region", region);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/imports?${query}`);
    request.responseType = "json";
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => onShare(event.total ? event.loaded / event.total : 0);
    request.onerror = () => reject(new Problem(0, "unreachable", ""));
    request.onload = () => {
      const said = request.response;
      if (request.status < 300) resolve(said);
      else reject(new Problem(request.status, said?.code ?? "http_error", said?.title ?? "", said?.errors ?? []));
    };
    request.send(file);
  });
}
