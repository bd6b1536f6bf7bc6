import { Type } from "../../contract/fields.ts";

/** What a collaborator may do. */
export const LevelField = Type.Union(
  [Type.Literal("no-access"), Type.Literal("read-only"), Type.Literal("read-write"), Type.Literal("admin-access")],
  { description: "Level of access" },
);
