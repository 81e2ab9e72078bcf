import { t } from "@/lib/i18n";
import { PasswordInput, type PasswordInputProps } from "./controls";

/** Something secret that is typed; it can be looked at. */
export function Password(props: PasswordInputProps) {
  return <PasswordInput visibilityToggleButtonProps={{ "aria-label": t("app.password.show") }} {...props} />;
}
