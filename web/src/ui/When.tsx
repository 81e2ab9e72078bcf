import { useMinute } from "@/lib/company";
import { ago, time } from "@/lib/format";
import { Tooltip } from "./controls";

/** "3 minutes ago", with the whole time on hover. `wall`: what colleagues, keys and sessions do goes by the clock on the
 *  wall; all else by product time, which the sandbox moves. */
export function When(props: { at: string | null | undefined; exact?: boolean; wall?: boolean }) {
  useMinute();
  if (!props.at) return <span className="soft">–</span>;
  if (props.exact) return <time dateTime={props.at}>{time(props.at)}</time>;
  return (
    <Tooltip label={time(props.at)}>
      <time dateTime={props.at}>{props.wall ? ago(props.at, Date.now()) : ago(props.at)}</time>
    </Tooltip>
  );
}
