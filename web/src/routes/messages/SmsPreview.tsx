import { money, number } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { useSession } from "@/lib/session";
import { Button } from "@/ui/controls";
import { useComposing } from "./composer";
import { formOf, setField, textOf } from "./document";
import { piecesOf, plain, type SmsShown } from "./sms";

/** On a phone, and what it costs: parts, encoding, and the characters that make it dearer. */
export function SmsPreview(props: { sms: SmsShown }) {
  const { fields } = useComposing();
  const company = useSession()?.company || "Antiphon";
  const pieces = piecesOf(props.sms, fields?.limits.sms.gsm7_extension ?? "");
  return (
    <div>
      <div className="phone">
        <div className="phone-top">{company}</div>
        <p className="bubble">
          {pieces.map((piece, n) =>
            piece.costs ? (
              <mark key={n} className={piece.costs}>
                {piece.text}
              </mark>
            ) : (
              piece.text
            ),
          )}
        </p>
      </div>
      <Costs sms={props.sms} doubled={pieces.filter((piece) => piece.costs === "double").map((piece) => piece.text)} />
    </div>
  );
}

function Costs({ sms, doubled }: { sms: SmsShown; doubled: string[] }) {
  return (
    <>
      <dl className="facts num">
        <Fact name={t("messages.sms.parts")}>{number(sms.parts)}</Fact>
        <Fact name={t("messages.sms.encoding")}>{sms.encoding}</Fact>
        <Fact name={t("messages.sms.units")}>{number(sms.units)}</Fact>
        <Fact name={t("messages.sms.left")}>{number(sms.left)}</Fact>
        {sms.cost !== null && sms.cost !== undefined && <Fact name={t("messages.sms.cost")}>{money(sms.cost)}</Fact>}
      </dl>
      {sms.unusual.length > 0 && <Unusual sms={sms} />}
      {doubled.length > 0 && (
        <p className="soft small">
          {tn("messages.sms.doubled", doubled.length, { characters: [...new Set(doubled)].join(" ") })}
        </p>
      )}
    </>
  );
}

function Unusual({ sms }: { sms: SmsShown }) {
  const { document, change, scope, fixed } = useComposing();
  const characters = [...new Set(sms.unusual.map((one) => one.character))];
  const written = textOf(formOf(document, scope), "text");
  const mended = plain(written, sms);
  return (
    <div className="notice">
      <p className="small">{t("messages.sms.unusual", { characters: characters.join(" ") })}</p>
      {mended !== written && !fixed && (
        <Button variant="default" size="xs" onClick={() => change((before) => setField(before, scope, "text", mended))}>
          {t("messages.sms.plain")}
        </Button>
      )}
    </div>
  );
}

function Fact(props: { name: string; children: string }) {
  return (
    <div>
      <dt className="soft">{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
