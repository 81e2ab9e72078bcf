import { type CSSVariablesResolver, createTheme } from "@mantine/core";
import { t } from "@/lib/i18n";

/** Asked when it is drawn: words come after this file. */
const floating = () => ({
  overlayProps: { backgroundOpacity: 0.35 },
  closeButtonProps: { "aria-label": t("app.close") },
});

/** Mantine's own shades and dimmed text fall short of 4.5:1 in places (WCAG 1.4.3); these do not. */
export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 7, dark: 8 },
  defaultRadius: 8,
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: "0.75rem", sm: "0.875rem", md: "0.9375rem", lg: "1.0625rem", xl: "1.25rem" },
  headings: { fontWeight: "650", sizes: { h1: { fontSize: "1.375rem", lineHeight: "1.3" } } },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Badge: { defaultProps: { radius: "sm", tt: "none", fw: 550 } },
    Button: { defaultProps: { size: "sm" } },
    Modal: { defaultProps: () => ({ centered: true, ...floating() }), styles: { title: { fontWeight: 600 } } },
    Tooltip: { defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: false } } },
    Anchor: { defaultProps: { underline: "hover" } },
  },
});

export const variables: CSSVariablesResolver = () => ({
  variables: { "--row": "36px", "--side": "208px" },
  light: {
    "--mantine-color-dimmed": "#5c6370",
    "--mantine-color-placeholder": "#6b7280",
    "--mantine-color-error": "#c92a2a",
    "--canvas": "#f7f7f9",
    "--panel": "#ffffff",
    "--line": "#e3e4e9",
    "--channel-email": "#4051b5",
    "--channel-sms": "#0b7285",
    "--channel-push": "#b35309",
    "--channel-chat": "#2b7a3d",
    "--channel-voice": "#b3261e",
    "--good": "#1f7a3d",
    "--warn": "#9a5b00",
    "--bad": "#b3261e",
  },
  dark: {
    "--mantine-color-dimmed": "#a6abb6",
    "--mantine-color-placeholder": "#9097a3",
    "--mantine-color-error": "#ff8787",
    "--mantine-color-anchor": "#9db0ff",
    "--canvas": "#131417",
    "--panel": "#1b1d21",
    "--line": "#2e3138",
    "--channel-email": "#93a4ff",
    "--channel-sms": "#4fc3d6",
    "--channel-push": "#f0a35a",
    "--channel-chat": "#74c98a",
    "--channel-voice": "#ff9d96",
    "--good": "#74c98a",
    "--warn": "#f0b35a",
    "--bad": "#ff9d96",
  },
});
