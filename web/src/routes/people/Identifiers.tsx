import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { day } from "@/lib/format";
import { t } from "@/lib/i18n";
import { useMay } from "@/lib/session";
import { Button, Menu } from "@/ui/controls";
import { MoreMenu } from "@/ui/IconButton";
import { Mark } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import { AddButton } from "./AddButton";
import { IdentifierForm } from "./IdentifierForm";
import { type Known, kindName, type PersonPage, sourceName } from "./people";

/** What they are known by, who said so, and since when; numbers that turned out to be them. */
export function Identifiers(props: { who: string; page: PersonPage }) {
  const { who, page } = props;
  const [adding, setAdding] = useState(false);
  const mayWrite = useMay("people.write");
  return (
    <Panel
      title={t("people.identifiers")}
      aside={mayWrite && <AddButton run={() => setAdding(true)}>{t("people.identifier.add")}</AddButton>}
    >
      {adding && <IdentifierForm who={who} onClose={() => setAdding(false)} />}
      <ul className="rows">
        {page.identifiers.map((one) => (
          <Line
            key={`${one.kind} ${one.value}`}
            page={page}
            one={one}
            mayPart={mayWrite && page.identifiers.length > 1}
          />
        ))}
        {page.numbers.map((one) => (
          <Merged key={one.id} page={page} number={one.id} at={one.at} by={one.by} mayPart={mayWrite} />
        ))}
      </ul>
    </Panel>
  );
}

function Line(props: { page: PersonPage; one: Known; mayPart: boolean }) {
  const { one } = props;
  const part = usePart(props.page);
  const name = `${one.kind}:${one.value}`;
  return (
    <li>
      <div className="grows">
        <div className="ends">
          <span className="cut" title={one.value}>
            {one.value}
          </span>
          <Mark tone={one.claim === "verified" ? "good" : "calm"}>{t(`people.claim.${one.claim}`)}</Mark>
        </div>
        <div className="small soft">
          {[
            kindName(one.kind),
            one.source && sourceName(one.source),
            spanOf(day(one.first_at), day(one.seen_at)),
            one.shared && t("people.shared"),
          ]
            .filter(Boolean)
            .join(" · ")}
        </div>
      </div>
      {props.mayPart && (
        <MoreMenu label={t("people.identifier.acts", { value: one.value })}>
          <Menu.Item onClick={() => void part.run({ identifiers: [name], back: name })}>
            {t("people.part_from")}
          </Menu.Item>
        </MoreMenu>
      )}
    </li>
  );
}

function Merged(props: { page: PersonPage; number: string; at: string; by: string; mayPart: boolean }) {
  const part = usePart(props.page);
  return (
    <li>
      <div className="grows">
        <div>{t("people.merged", { number: props.number })}</div>
        <div className="small soft">
          {[day(props.at), props.by && sourceName(props.by)].filter(Boolean).join(" · ")}
        </div>
      </div>
      {props.mayPart && (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => void part.run({ number: props.number, back: `id:${props.number}` })}
        >
          {t("people.part_again")}
        </Button>
      )}
    </li>
  );
}

type Part = { identifiers?: string[]; number?: string; back: string };

/** Two customers again; "Undo" makes them one. */
function usePart(page: PersonPage) {
  const navigate = useNavigate();
  const path = { who: `id:${page.id}` };
  const back = useChange({
    key: ["person"],
    act: (other: string) =>
      ask(api.POST("/api/v1/profiles/{who}/merge", { params: { path }, body: { with: other, dry_run: false } })),
  });
  return useChange({
    key: ["person"],
    also: [["people"]],
    act: ({ identifiers = [], number = "" }: Part) =>
      ask(
        api.POST("/api/v1/profiles/{who}/unmerge", {
          params: { path },
          body: { identifiers, number, dry_run: false },
        }),
      ),
    said: () => t("people.parted"),
    undo: async (_, input) => {
      const made = await back.run(input.back);
      if (made?.profile) void navigate({ to: "/people/$who", params: { who: made.profile } });
    },
  });
}

const spanOf = (first: string, last: string): string => (first === last ? first : t("people.since", { first, last }));
