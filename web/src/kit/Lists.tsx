import { useState } from "react";
import { number } from "@/lib/format";
import { Channel } from "@/ui/Channel";
import { Button } from "@/ui/controls";
import { Mark } from "@/ui/Mark";
import { Panel } from "@/ui/Page";
import { Table } from "@/ui/Table";
import { done } from "@/ui/toast";
import { VirtualList, type Where, type Window } from "@/ui/VirtualList";

type Campaign = { id: string; name: string; channel: string; sent: number };
const CAMPAIGNS: Campaign[] = [
  { id: "1", name: "Spring sale", channel: "email", sent: 12_040 },
  { id: "2", name: "Back in stock", channel: "push", sent: 310 },
  { id: "3", name: "Appointment reminder with a name that is longer than others", channel: "sms", sent: 4_520 },
];

const TOTAL = 1_000_000;
type Person = { id: string; name: string };

/** A million people, made up as they are asked for. */
async function people(where: Where): Promise<Window<Person>> {
  const [way, n] = (where.cursor ?? `on.${Math.round((where.at ?? 0) * (TOTAL - 1))}`).split(".");
  const from = Math.max(0, way === "on" ? Number(n) : Number(n) - 100);
  const to = Math.min(TOTAL, way === "on" ? from + 100 : Number(n));
  const rows = Array.from({ length: to - from }, (_, k) => ({ id: String(from + k), name: `Person ${from + k + 1}` }));
  return {
    rows,
    next: to < TOTAL ? `on.${to}` : null,
    previous: from > 0 ? `back.${from}` : null,
    position: from / TOTAL,
    total: TOTAL,
  };
}

export function Lists() {
  const [sorting, setSorting] = useState({ by: "name", down: false });
  const [busy, setBusy] = useState(false);
  const sign = sorting.down ? -1 : 1;
  const rows = [...CAMPAIGNS].sort((a, b) =>
    sorting.by === "sent" ? sign * (a.sent - b.sent) : sign * a.name.localeCompare(b.name),
  );
  return (
    <>
      <Panel title="Table">
        <Table
          label="Campaigns"
          rows={rows}
          id={(one) => one.id}
          link={(one) => `/campaigns/${one.id}`}
          sorting={sorting}
          onSort={setSorting}
          more={{ load: () => setBusy(!busy), busy }}
          columns={[
            { key: "name", title: "Name", cell: (one) => one.name, sorts: true },
            { key: "state", title: "State", cell: () => <Mark tone="live">running</Mark> },
            { key: "channel", title: "Channel", cell: (one) => <Channel name={one.channel} /> },
            { key: "sent", title: "Sent", cell: (one) => number(one.sent), sorts: true, right: true },
            {
              key: "act",
              title: "Act",
              cell: () => (
                <Button size="compact-sm" variant="default" onClick={() => done("Archived", () => done("Back again"))}>
                  Archive
                </Button>
              ),
            },
          ]}
        />
      </Panel>
      <Panel title="Table without rows">
        <div className="grid">
          <Table label="None" rows={[]} id={String} columns={[]} />
          <Table label="On their way" rows={undefined} id={String} columns={[]} />
        </div>
      </Panel>
      <Panel title="VirtualList">
        <VirtualList
          label="People"
          queryKey={["kit", "people"]}
          load={people}
          id={(one) => one.id}
          row={(one) => <span>{one.name}</span>}
          height="320px"
        />
      </Panel>
    </>
  );
}
