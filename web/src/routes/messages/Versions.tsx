import "./dialogs.css";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "@/lib/api";
import { t } from "@/lib/i18n";
import { usePages } from "@/lib/pages";
import { Button, Modal } from "@/ui/controls";
import { Empty, Failed, Loaded, Waiting } from "@/ui/State";
import { done, failed } from "@/ui/toast";
import { When } from "@/ui/When";
import type { MessageView } from "./composer";
import { Differences } from "./Differences";
import type { Json } from "./document";
import type { Message } from "./useMessage";
import { useAuthor } from "./words";

/** What was said before, when and by whom; each can be compared with what is written, and become it. */
export default function Versions(props: { view: MessageView; message: Message; fixed: boolean; onClose: () => void }) {
  const id = props.view.id;
  const [chosen, setChosen] = useState<number | null>(null);
  const author = useAuthor();
  const list = usePages(["message", id, "versions", props.view.version], async (cursor) => {
    const path = { message: id };
    const page = await ask(api.GET("/api/v1/messages/{message}/versions", { params: { path, query: { cursor } } }));
    return { rows: page.versions, next: page.cursor };
  });
  return (
    <Modal opened onClose={props.onClose} size="xl" title={t("messages.versions")}>
      {list.error ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : (
        !list.rows && <Waiting rows={4} />
      )}
      {list.rows?.length === 0 && <Empty title={t("messages.versions.none")} text={t("messages.versions.none.text")} />}
      {list.rows && list.rows.length > 0 && (
        <div className="versions">
          <ul aria-label={t("messages.versions")}>
            {list.rows.map((one) => (
              <li key={one.version}>
                <button type="button" aria-pressed={chosen === one.version} onClick={() => setChosen(one.version)}>
                  <b>{t("messages.version", { n: one.version })}</b>
                  <span className="soft small">
                    <When at={one.published_at} />
                    {one.published_by && ` · ${author(one.published_by)}`}
                  </span>
                </button>
              </li>
            ))}
            {list.more && (
              <Button variant="subtle" size="xs" loading={list.more.busy} onClick={list.more.load}>
                {t("app.show_more")}
              </Button>
            )}
          </ul>
          {chosen === null ? (
            <p className="soft">{t("messages.versions.choose")}</p>
          ) : (
            <Version
              key={chosen}
              id={id}
              version={chosen}
              fixed={props.fixed}
              message={props.message}
              onClose={props.onClose}
            />
          )}
        </div>
      )}
    </Modal>
  );
}

function Version(props: { id: string; version: number; fixed: boolean; message: Message; onClose: () => void }) {
  const { message } = props;
  const path = { message: props.id, version: props.version };
  const query = useQuery({
    queryKey: ["message", props.id, "version", props.version],
    queryFn: () => ask(api.GET("/api/v1/messages/{message}/versions/{version}", { params: { path } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const revert = (document: Json) => {
    const before = message.value;
    message.change(document);
    done(t("messages.versions.reverted", { n: props.version }), () => message.change(before));
    props.onClose();
    void message.retry().catch(failed);
  };
  return (
    <Loaded query={query} rows={3} height={60}>
      {({ document }) => (
        <section aria-label={t("messages.version", { n: props.version })}>
          <p className="soft small">{t("messages.versions.since", { n: props.version })}</p>
          <div className="tall">
            <Differences before={document} after={message.value} />
          </div>
          {!props.fixed && (
            <Button mt="sm" variant="default" onClick={() => revert(document)}>
              {t("messages.versions.revert", { n: props.version })}
            </Button>
          )}
        </section>
      )}
    </Loaded>
  );
}
