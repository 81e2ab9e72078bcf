import { useQuery } from "@tanstack/react-query";
import { useMay } from "@/lib/session";
import { Failed, Waiting } from "@/ui/State";
import { Fields } from "./Fields";
import { Steps } from "./Import";
import { importQuery, isAtWork } from "./imports";
import { Running } from "./Running";

/** One import, wherever it stands. */
export function OneImport({ id }: { id: string }) {
  const query = useQuery(importQuery(id));
  const mayWrite = useMay("people.write");
  const one = query.data;
  if (!one)
    return query.error ? (
      <Failed error={query.error} retry={() => void query.refetch()} />
    ) : (
      <Waiting rows={4} height={120} />
    );
  const maps = one.state === "uploaded" && mayWrite;
  return (
    <div className="import">
      <Steps at={maps ? 1 : isAtWork(one.state) ? 2 : 3} />
      {maps ? <Fields one={one} /> : <Running one={one} />}
    </div>
  );
}
