import "./fields.css";
import { IconCode, IconLayoutList, IconTrash } from "@tabler/icons-react";
import { t } from "@/lib/i18n";
import { channelName } from "@/ui/Channel";
import { Menu } from "@/ui/controls";
import { MoreMenu } from "@/ui/IconButton";
import { done } from "@/ui/toast";
import { Blocks } from "./Blocks";
import { useComposing } from "./composer";
import { blocksOf, differs, forget, formOf, type Json, setField, setForm, textOf } from "./document";
import { LiquidField } from "./LiquidField";
import { Missing } from "./Missing";
import { fieldName, languageName } from "./words";

/** The fields of one channel in one language, as the server describes them. */
export function FormEditor(props: { undo: () => void }) {
  const { document, change, scope, fields } = useComposing();
  const form = formOf(document, scope);
  if (!form) return <Missing />;
  const described = fields?.forms.find((one) => one.channel === scope.channel)?.fields ?? [];
  const whole = typeof form.mjml === "string";
  const set = (field: string, value: unknown, step?: string) =>
    change((before) => setField(before, scope, field, value), step);
  const shown = described.filter((field) => (whole ? field.name !== "blocks" : field.name !== "mjml"));
  return (
    <section className="form" aria-label={`${channelName(scope.channel)}, ${languageName(scope.locale)}`}>
      <FormMenu form={form} whole={whole} undo={props.undo} />
      {shown.map((field) =>
        field.type === "blocks" ? (
          <Blocks
            key={field.name}
            blocks={blocksOf(form)}
            onChange={(blocks, step) => set("blocks", blocks, step)}
            undo={props.undo}
          />
        ) : (
          <LiquidField
            key={field.name}
            label={fieldName(field.name, scope.channel)}
            within={field.name}
            type={field.type}
            needed={field.needed}
            value={textOf(form, field.name)}
            onChange={(value) =>
              set(field.name, value || field.needed ? value : undefined, `${scope.channel} ${field.name}`)
            }
            onBase={
              differs(document, scope, field.name)
                ? () => change((before) => forget(before, scope, field.name))
                : undefined
            }
          />
        ),
      )}
      {differs(document, scope, "blocks") && (
        <button type="button" className="link" onClick={() => change((before) => forget(before, scope, "blocks"))}>
          {t("messages.variant.same_blocks")}
        </button>
      )}
    </section>
  );
}

const START =
  "<mjml>\n  <mj-body>\n    <mj-section>\n      <mj-column>\n        <mj-text>{{ brand_name }}</mj-text>\n      </mj-column>\n    </mj-section>\n  </mj-body>\n</mjml>";

function FormMenu(props: { form: Json; whole: boolean; undo: () => void }) {
  const { change, scope, fixed } = useComposing();
  if (fixed) return null;
  const name = channelName(scope.channel);
  const into = (next: Json, said: string) => {
    change((before) => setForm(before, scope, next));
    done(said, props.undo);
  };
  const { blocks: _blocks, mjml: _mjml, ...rest } = props.form;
  return (
    <div className="form-menu">
      <MoreMenu width={260} label={t("messages.form.menu", { channel: name })}>
        {scope.channel === "email" && scope.variant === "" && (
          <Menu.Item
            leftSection={props.whole ? <IconLayoutList size={16} aria-hidden /> : <IconCode size={16} aria-hidden />}
            onClick={() =>
              props.whole
                ? into({ ...rest, blocks: [] }, t("messages.form.blocks_done"))
                : into({ ...rest, mjml: START }, t("messages.form.mjml_done"))
            }
          >
            {props.whole ? t("messages.form.blocks") : t("messages.form.mjml")}
          </Menu.Item>
        )}
        <Menu.Item
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => {
            change((before) => setForm(before, scope, undefined));
            done(t("messages.form.removed", { channel: name }), props.undo);
          }}
        >
          {t("messages.form.remove", { channel: name })}
        </Menu.Item>
      </MoreMenu>
    </div>
  );
}
