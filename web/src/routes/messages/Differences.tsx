import "./dialogs.css";
import { t } from "@/lib/i18n";
import { differences } from "./difference";
import type { Json } from "./document";
import { placeName } from "./words";

/** Place by place: what stood there struck out, what stands there now. */
export function Differences(props: { before: Json | null; after: Json }) {
  const found = differences(props.before, props.after);
  if (!found.length) return <p className="soft">{t("messages.same")}</p>;
  return (
    <ul className="differences">
      {found.map((one) => (
        <li key={one.at}>
          <span className="soft small">{placeName(one.at)}</span>
          {one.before !== undefined && one.before !== "" && <del>{one.before}</del>}
          {one.after !== undefined && one.after !== "" && <ins>{one.after}</ins>}
        </li>
      ))}
    </ul>
  );
}
