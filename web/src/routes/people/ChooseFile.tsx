import { IconFileUpload } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { percent } from "@/lib/format";
import { locale, t } from "@/lib/i18n";
import { Button, FileButton, Progress, SegmentedControl, Select } from "@/ui/controls";
import { Panel } from "@/ui/Page";
import { Failed } from "@/ui/State";
import { importQuery, type Kind, upload } from "./imports";

const REGIONS = "AR AT AU BE BR CA CH CL CO DE DK EC ES FI FR GB IE IN IT MX NL NO NZ PE PL PT SE US UY VE ZA".split(
  " ",
);
const names = new Intl.DisplayNames(locale, { type: "region" });

/** Which file, and what is in it. Nothing is changed by looking at it. */
export function ChooseFile(props: { onTaken: (id: string) => void }) {
  const client = useQueryClient();
  const [kind, setKind] = useState<Kind>("people");
  const [region, setRegion] = useState<string | null>(null);
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<{ name: string; share: number }>();
  const [error, setError] = useState<unknown>();
  const take = async (file: File | null | undefined) => {
    if (!file || sending) return;
    setError(undefined);
    setSending({ name: file.name, share: 0 });
    try {
      const made = await upload(file, kind, region, (share) => setSending({ name: file.name, share }));
      client.setQueryData(importQuery(made.id).queryKey, made);
      props.onTaken(made.id);
    } catch (problem) {
      setError(problem);
    } finally {
      setSending(undefined);
    }
  };
  return (
    <Panel>
      <div className="import-choices">
        <div>
          <span className="label" id="import-kind">
            {t("people.import.kind")}
          </span>
          <SegmentedControl
            aria-labelledby="import-kind"
            value={kind}
            onChange={(value) => setKind(value === "events" ? "events" : "people")}
            data={[
              { value: "people", label: t("people.import.kind.people") },
              { value: "events", label: t("people.import.kind.events") },
            ]}
          />
        </div>
        <Select
          label={t("people.import.region")}
          placeholder={t("people.import.region.none")}
          data={REGIONS.map((value) => ({ value, label: names.of(value) ?? value }))}
          value={region}
          onChange={setRegion}
          searchable
          clearable
          clearButtonProps={{ "aria-label": t("people.import.region.none") }}
        />
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: to drop a file is a short cut; the button does the same */}
      <div
        className="drop"
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void take(event.dataTransfer.files[0]);
        }}
      >
        <IconFileUpload size={32} aria-hidden className="soft" />
        {sending ? (
          <Sending {...sending} />
        ) : (
          <>
            <b>{t("people.import.drop")}</b>
            <span className="soft">{t("people.import.drop.text")}</span>
            <FileButton onChange={(file) => void take(file)} accept=".csv,.tsv,.txt,.json,.jsonl,.ndjson,.gz">
              {(button) => <Button {...button}>{t("people.import.choose")}</Button>}
            </FileButton>
          </>
        )}
      </div>
      {error !== undefined && <Failed error={error} />}
    </Panel>
  );
}

function Sending({ name, share }: { name: string; share: number }) {
  const whole = share >= 1;
  return (
    <div role="status" className="sending">
      <span className="num">
        {whole
          ? t("people.import.looking", { name })
          : t("people.import.uploading", { name, share: percent(share, 0) })}
      </span>
      <Progress value={100 * share} animated={whole} aria-label={name} />
    </div>
  );
}
