import { Maybe, Type } from "../../contract/fields.ts";
import { jsonName } from "../../contract/json-codec.ts";
import { defineOperation } from "../../contract/operation.ts";
import { SERVER_SETTINGS, SettingsField } from "./settings-field.ts";

/** Changes settings at once and for good; those of the configuration win, and are refused here. */
export const changeSetting = defineOperation({
  name: "changeSetting",
  summary: "Change a setting",
  kind: "write",
  shape: "call",
  access: "server-admin",
  target: "none",
  input: Type.Object(
    { anonAccess: Maybe(SERVER_SETTINGS.anonAccess), allowKeyless: Maybe(SERVER_SETTINGS.allowKeyless) },
    { additionalProperties: false },
  ),
  output: SettingsField,
  errors: ["setting_configured"],
  examples: [{ title: "What callers without credentials may do", input: { anonAccess: "read-only" } }],
  route: { method: "PATCH", path: "/settings" },
  async run(input, { identity: { settings }, events }) {
    await settings.change(input);
    for (const [field, value] of Object.entries(input)) {
      const setting = jsonName(field, SERVER_SETTINGS[field as keyof typeof SERVER_SETTINGS], "snake");
      await events.recordAdmin("setting_changed", { setting, value });
    }
    return { ...settings.current(), configured: [...settings.configured()] };
  },
});
