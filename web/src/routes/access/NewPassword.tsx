import { t } from "@/lib/i18n";
import { Password } from "@/ui/Password";

export const LEAST = 12;

/** A password that is chosen; whom it is for is told to the browser's own keeper of passwords. */
export function NewPassword(props: { label: string; email?: string; error?: string; autoFocus?: boolean }) {
  return (
    <>
      {props.email && <input type="text" autoComplete="username" value={props.email} readOnly hidden />}
      <Password
        name="password"
        label={props.label}
        description={t("app.password.hint")}
        autoComplete="new-password"
        minLength={LEAST}
        maxLength={1_000}
        required
        withAsterisk={false}
        autoFocus={props.autoFocus}
        error={props.error}
        aria-invalid={props.error !== undefined}
      />
    </>
  );
}
