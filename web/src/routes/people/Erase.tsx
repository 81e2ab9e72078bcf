import "./merge.css";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { number } from "@/lib/format";
import { t, tn } from "@/lib/i18n";
import { Button, Checkbox, Group, Modal, Stack, TextInput } from "@/ui/controls";
import { Failed, Waiting } from "@/ui/State";
import { nameOf, type PersonPage } from "./people";

/** For good: what would go is counted first, and the name is typed. */
export default function Erase(props: { page: PersonPage; name: string; onClose: () => void }) {
  const { page, name } = props;
  const [typed, setTyped] = useState("");
  const [keep, setKeep] = useState(true);
  const navigate = useNavigate();
  const called = nameOf(page, page.id);
  const path = { who: name };
  const trial = useQuery({
    queryKey: ["erasure", name, keep],
    queryFn: () =>
      ask(api.DELETE("/api/v1/profiles/{who}", { params: { path, query: { dry_run: true, keep_counts: keep } } })),
    staleTime: 0,
    retry: false,
  });
  const erase = useChange({
    key: ["people"],
    act: () => ask(api.DELETE("/api/v1/profiles/{who}", { params: { path, query: { keep_counts: keep } } })),
    said: () => t("people.erased"),
  });
  const fits = typed.trim().toLowerCase() === called.toLowerCase();
  return (
    <Modal opened onClose={props.onClose} title={t("people.erase.title", { name: called })}>
      <form
        onSubmit={async (event) => {
          event.preventDefault();
          if (fits && (await erase.run(undefined))) void navigate({ to: "/people" });
        }}
      >
        <Stack gap="md">
          <p style={{ margin: 0 }}>{t("people.erase.text")}</p>
          <div className="erase-counts">
            {trial.error ? (
              <Failed error={trial.error} retry={() => void trial.refetch()} />
            ) : !trial.data ? (
              <Waiting rows={1} height={104} />
            ) : (
              <Counts
                deleted={trial.data.deleted}
                anonymised={trial.data.anonymised}
                suppressed={trial.data.suppressed}
              />
            )}
          </div>
          <Checkbox
            label={t("people.erase.keep")}
            description={t("people.erase.keep.text")}
            checked={keep}
            onChange={(event) => setKeep(event.currentTarget.checked)}
          />
          <TextInput
            label={t("people.erase.type", { name: called })}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
          <Group justify="end">
            <Button variant="default" onClick={props.onClose}>
              {t("app.cancel")}
            </Button>
            <Button type="submit" color="red" disabled={!fits || !trial.data} loading={erase.busy}>
              {t("people.erase.do")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((all, n) => all + n, 0);

function Counts(props: { deleted: Record<string, number>; anonymised: Record<string, number>; suppressed: number }) {
  const tables = Object.entries(props.deleted).filter(([, n]) => n > 0);
  return (
    <>
      <ul className="num">
        <li>{tn("people.erase.deleted", sum(props.deleted))}</li>
        <li>{tn("people.erase.anonymised", sum(props.anonymised))}</li>
        <li>{tn("people.erase.suppressed", props.suppressed)}</li>
      </ul>
      <details>
        <summary>{t("people.erase.tables")}</summary>
        <p className="small soft num">{tables.map(([name, n]) => `${name} ${number(n)}`).join(", ")}</p>
      </details>
    </>
  );
}
