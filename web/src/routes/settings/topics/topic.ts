import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/lib/api";
import { LANGUAGES, LOCALES, locale, t } from "@/lib/i18n";
import type { components } from "@/lib/schema";
import { channelName } from "@/ui/Channel";
import type { Schema } from "@/ui/SchemaForm";

export type Topic = components["schemas"]["Topic"];
export const TOPICS = ["topics"];

export const useTopics = () => useQuery({ queryKey: TOPICS, queryFn: () => ask(api.GET("/api/v1/topics")) });

export const titleOf = (topic: Topic): string => topic.titles?.[locale] ?? topic.titles?.en ?? topic.name;

export const BLANK: Topic = {
  name: "",
  titles: {},
  texts: {},
  state: "wanted",
  channels: [],
  basis: "legitimate_interest",
  needs: "nothing",
  critical: false,
  shown: true,
};

const BASES = ["legitimate_interest", "consent", "contract", "legal_obligation", "implied"] as const;
const NEEDS = ["nothing", "consent", "double_opt_in"] as const;
const CHANNELS = ["email", "sms", "push", "chat", "voice"];

const named = (about: "titles" | "texts"): Schema => ({
  type: "object",
  title: t(`topic.${about}`),
  properties: Object.fromEntries(
    LOCALES.map((one) => [one, { type: "string", title: LANGUAGES[one], "x-lines": about === "texts" }]),
  ),
});

/** Its form: what people read of it, then what holds while they say nothing. */
export const schemaOf = (): Schema => ({
  type: "object",
  properties: {
    titles: named("titles"),
    texts: named("texts"),
    state: {
      enum: ["wanted", "unwanted"],
      title: t("topic.state"),
      description: t("topic.state.help"),
      "x-titles": { wanted: t("topic.wanted"), unwanted: t("topic.unwanted") },
    },
    channels: {
      type: "array",
      title: t("topic.channels"),
      description: t("topic.channels.help"),
      items: { enum: CHANNELS, "x-titles": Object.fromEntries(CHANNELS.map((one) => [one, channelName(one)])) },
    },
    basis: {
      enum: [...BASES],
      title: t("topic.basis"),
      description: t("topic.basis.help"),
      "x-titles": Object.fromEntries(BASES.map((one) => [one, t(`topic.basis.${one}`)])),
    },
    needs: {
      enum: [...NEEDS],
      title: t("topic.needs"),
      description: t("topic.needs.help"),
      "x-titles": Object.fromEntries(NEEDS.map((one) => [one, t(`topic.needs.${one}`)])),
    },
    critical: { type: "boolean", title: t("topic.critical"), description: t("topic.critical.help") },
    shown: { type: "boolean", title: t("topic.shown"), description: t("topic.shown.help") },
  },
});
