import { useState } from "react";
import { Problem } from "@/lib/api";
import { Panel } from "@/ui/Page";
import { type Schema, SchemaForm } from "@/ui/SchemaForm";

const SCHEMA: Schema = {
  type: "object",
  required: ["host"],
  properties: {
    host: { type: "string", title: "Host", description: "The relay or mail service." },
    port: { type: "integer", title: "Port", minimum: 1, maximum: 65535, default: 587 },
    security: {
      enum: ["none", "starttls", "tls"],
      title: "Encryption",
      default: "starttls",
      "x-titles": { none: "None", starttls: "STARTTLS", tls: "TLS" },
    },
    password: { type: "string", title: "Password", writeOnly: true },
    takes_mail: { type: "boolean", title: "We read what comes there", default: false },
    complaints: {
      anyOf: [{ type: "number" }, { type: "null" }],
      title: "Complaints",
      description: "Empty: no limit.",
      maximum: 1,
      "x-unit": "share",
    },
    colour: { type: "string", format: "color", title: "Colour" },
    channels: { type: "array", title: "Channels", items: { enum: ["email", "sms"], "x-titles": { sms: "SMS" } } },
    words: { type: "array", title: "Words", items: { type: "string" } },
    quiet: {
      title: "Quiet hours",
      anyOf: [
        {
          type: "object",
          required: ["start"],
          properties: {
            start: { type: "string", title: "From", default: "21:00" },
            zone: { type: "string", format: "timezone", title: "Time zone", default: "UTC" },
          },
        },
        { type: "null" },
      ],
    },
    dkim: {
      type: "array",
      title: "DKIM keys",
      items: {
        type: "object",
        required: ["domain"],
        properties: {
          domain: { type: "string", title: "Domain" },
          private_key: { type: "string", title: "Private key", writeOnly: true, "x-lines": true },
        },
      },
    },
    prices: {
      type: "object",
      title: "Prices",
      "x-key": "region",
      additionalProperties: { type: "number", minimum: 0, "x-unit": "money" },
    },
    size_max: { type: "integer", title: "Largest mail", "x-unit": "octets", "x-advanced": true, default: 1000 },
  },
};

const REFUSED = new Problem(422, "invalid", "That cannot be kept.", [
  { at: "settings.host", message: "There is no such host." },
  { at: "settings.dkim[0].domain", message: "This is no domain." },
]);

export function Forms() {
  const [value, setValue] = useState<object>({
    host: "mail.example",
    complaints: 0.003,
    channels: ["sms"],
    words: ["STOP"],
    quiet: { start: "21:00" },
    dkim: [{ domain: "shop.example" }],
    prices: { GB: 0.04 },
  });
  return (
    <Panel title="SchemaForm">
      <div className="split">
        <SchemaForm
          schema={SCHEMA}
          value={value}
          onChange={setValue}
          problem={REFUSED}
          under="settings"
          kept={["password", "dkim[0].private_key"]}
        />
        <pre data-testid="value" style={{ whiteSpace: "pre-wrap", fontSize: 12 }}>
          {JSON.stringify(value, null, 2)}
        </pre>
      </div>
    </Panel>
  );
}
