import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { SettingsField } from "./settings-field.ts";

/** Shows the settings that can be changed while the server runs. */
export const showSettings = defineOperation({
  name: "showSettings",
  summary: "Show settings",
  kind: "read",
  shape: "call",
  access: "server-admin",
  target: "none",
  input: Type.Object({}, { additionalProperties: false }),
  output: SettingsField,
  errors: [],
  examples: [{ title: "This server's", input: {} }],
  route: { method: "GET", path: "/settings" },
  async run(_input, { identity: { settings } }) {
    return { ...settings.current(), configured: [...settings.configured()] };
  },
});
