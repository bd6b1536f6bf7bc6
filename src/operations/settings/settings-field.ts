import { Type } from "../../contract/fields.ts";
import { LevelField } from "../collaborators/level-field.ts";

/** Settings that can be changed while the server runs. */
export const SERVER_SETTINGS = {
  anonAccess: LevelField,
  allowKeyless: Type.Boolean({ description: "May callers without keys and tokens do anything at all?" }),
};

export const SettingsField = Type.Object(
  {
    ...SERVER_SETTINGS,
    configured: Type.Array(Type.String(), {
      description: "Those that the server's configuration decides: they cannot be changed",
    }),
  },
  { title: "Settings" },
);
