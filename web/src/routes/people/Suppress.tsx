import { useState } from "react";
import { api, ask } from "@/lib/api";
import { useChange } from "@/lib/change";
import { t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Button, Group, Modal, Radio, Stack, TextInput } from "@/ui/controls";
import type { Address } from "./people";

/** Why nothing goes there any more: it stands in the ledger. */
export default function Suppress(props: { who: string; one: Address; onClose: () => void }) {
  const { who, one } = props;
  const [scope, setScope] = useState<"everything" | "marketing">("everything");
  const [reason, setReason] = useState("");
  const body = { channel: one.channel, value: one.value, reason: reason.trim(), scope };
  const path = { who };
  const back = useChange({
    key: ["person", who],
    act: () =>
      ask(
        api.POST("/api/v1/people/{who}/restore", {
          params: { path },
          body: { ...body, reason: t("people.restore.reason") },
        }),
      ),
  });
  const suppress = useChange({
    key: ["person", who],
    quiet: true,
    act: () => ask(api.POST("/api/v1/people/{who}/suppress", { params: { path }, body })),
    said: () => t("people.suppressed", { value: one.value }),
    undo: () => back.run(undefined),
  });
  const { problem } = suppress;
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t("people.suppress.title", { channel: channelName(one.channel), value: one.value })}
    >
      <form
        onSubmit={async (event) => {
          event.preventDefault();
          if (await suppress.run(undefined)) props.onClose();
        }}
      >
        <Stack gap="md">
          <Radio.Group
            label={t("people.suppress.scope")}
            value={scope}
            onChange={(value) => setScope(value === "marketing" ? "marketing" : "everything")}
          >
            <Stack gap={8} mt={8}>
              <Radio value="everything" label={t("people.suppress.everything")} />
              <Radio value="marketing" label={t("people.suppress.marketing")} />
            </Stack>
          </Radio.Group>
          <TextInput
            label={t("people.suppress.reason")}
            description={t("people.suppress.reason.hint")}
            required
            data-autofocus
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            error={problem && (problem.of("reason") ?? problem.errors[0]?.message ?? problem.title)}
          />
          <Group justify="end">
            <Button variant="default" onClick={props.onClose}>
              {t("app.cancel")}
            </Button>
            <Button type="submit" disabled={!reason.trim()} loading={suppress.busy}>
              {t("people.suppress")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
