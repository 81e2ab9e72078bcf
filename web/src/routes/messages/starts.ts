import { locale, t } from "@/lib/i18n";
import type { Json } from "./document";

export const STARTS = ["blank", "coupon", "newsletter", "receipt", "reminder", "code"] as const;
export type Start = (typeof STARTS)[number];

const NAME = "{{ profile.first_name | default: '' }}";
const SHOP = "https://www.example.org";

/** What a new message begins with, in the language of whoever begins it. */
export function startOf(start: Start): { topic: string; purpose?: string; locales: Json } {
  const forms = FORMS[start]();
  return { ...TOPICS[start], locales: { [locale]: forms } };
}

const TOPICS: Record<Start, { topic: string; purpose?: string }> = {
  blank: { topic: "" },
  coupon: { topic: "coupons" },
  newsletter: { topic: "newsletter" },
  receipt: { topic: "orders", purpose: "transactional" },
  reminder: { topic: "reminders", purpose: "transactional" },
  code: { topic: "security", purpose: "code" },
};

const FORMS: Record<Start, () => Json> = {
  blank: () => ({ email: { subject: "", blocks: [] } }),
  coupon: () => ({
    email: {
      subject: t("messages.start.coupon.subject", { name: NAME }),
      preheader: t("messages.start.coupon.preheader"),
      blocks: [
        { kind: "heading", text: t("messages.start.coupon.heading") },
        { kind: "text", text: t("messages.start.coupon.text", { name: NAME }) },
        { kind: "button", label: t("messages.start.coupon.button"), url: SHOP },
      ],
    },
    sms: { text: t("messages.start.coupon.sms", { brand: "{{ brand_name }}", url: SHOP }) },
    push: { title: t("messages.start.coupon.heading"), body: t("messages.start.coupon.preheader"), url: SHOP },
  }),
  newsletter: () => ({
    email: {
      subject: t("messages.start.newsletter.subject", { brand: "{{ brand_name }}" }),
      preheader: t("messages.start.newsletter.preheader"),
      blocks: [
        { kind: "heading", text: t("messages.start.newsletter.heading") },
        { kind: "text", text: t("messages.start.newsletter.text", { name: NAME }) },
        { kind: "divider" },
        { kind: "heading", text: t("messages.start.newsletter.second") },
        { kind: "text", text: t("messages.start.newsletter.more") },
        { kind: "button", label: t("messages.start.newsletter.button"), url: SHOP },
      ],
    },
  }),
  receipt: () => ({
    email: {
      subject: t("messages.start.receipt.subject", { order: "{{ order.number }}" }),
      blocks: [
        { kind: "heading", text: t("messages.start.receipt.heading") },
        {
          kind: "text",
          text: t("messages.start.receipt.text", {
            name: NAME,
            order: "{{ order.number }}",
            total: "{{ order.total }}",
          }),
        },
        { kind: "button", label: t("messages.start.receipt.button"), url: "{{ order.url }}" },
      ],
    },
    sms: {
      text: t("messages.start.receipt.sms", {
        brand: "{{ brand_name }}",
        order: "{{ order.number }}",
        url: "{{ order.url }}",
      }),
    },
  }),
  reminder: () => ({
    email: {
      subject: t("messages.start.reminder.subject", { date: "{{ appointment.at | date: '%d.%m.' }}" }),
      blocks: [
        { kind: "heading", text: t("messages.start.reminder.heading") },
        {
          kind: "text",
          text: t("messages.start.reminder.text", {
            name: NAME,
            date: "{{ appointment.at | date: '%d.%m.' }}",
            time: "{{ appointment.at | date: '%H:%M' }}",
          }),
        },
        { kind: "button", label: t("messages.start.reminder.button"), url: "{{ appointment.url }}" },
      ],
    },
    sms: {
      text: t("messages.start.reminder.sms", {
        brand: "{{ brand_name }}",
        date: "{{ appointment.at | date: '%d.%m.' }}",
        time: "{{ appointment.at | date: '%H:%M' }}",
      }),
    },
  }),
  code: () => ({
    sms: { text: t("messages.start.code.sms", { code: "{{ code }}", brand: "{{ brand_name }}" }) },
    email: {
      subject: t("messages.start.code.subject", { code: "{{ code }}" }),
      blocks: [
        { kind: "heading", text: "{{ code }}" },
        { kind: "text", text: t("messages.start.code.text") },
      ],
    },
  }),
};
