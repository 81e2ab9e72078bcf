import { Button } from "@mantine/core";
import { hideNotification, showNotification } from "@mantine/notifications";
import { t } from "@/lib/i18n";
import { sentence } from "./State";

const LOOK_S = 10;

/** It is done already; for ten seconds it can be taken back. */
export function done(message: string, undo?: () => unknown): void {
  const id = `done-${Date.now()}`;
  showNotification({
    id,
    autoClose: undo ? LOOK_S * 1000 : 4000,
    withBorder: true,
    message: (
      <span style={{ display: "flex", gap: 12, alignItems: "center", justifyContent: "space-between" }}>
        {message}
        {undo && (
          <Button
            variant="default"
            size="compact-sm"
            onClick={() => {
              hideNotification(id);
              void Promise.resolve(undo()).catch(failed);
            }}
          >
            {t("app.undo")}
          </Button>
        )}
      </span>
    ),
  });
}

/** Something that was begun here could not be done. */
export function failed(error: unknown): void {
  showNotification({ color: "red", autoClose: 8000, withBorder: true, message: sentence(error) });
}
