import { ago, time } from "@/lib/format";
import { Tooltip } from "./controls";

/** "3 minutes ago", with the whole time on hover and focus. */
export function When(props: { at: string | null | undefined; exact?: boolean }) {
  if (!props.at) return <span className="soft">–</span>;
  if (props.exact) return <time dateTime={props.at}>{time(props.at)}</time>;
  return (
    <Tooltip label={time(props.at)}>
      <time dateTime={props.at}>{ago(props.at)}</time>
    </Tooltip>
  );
}
