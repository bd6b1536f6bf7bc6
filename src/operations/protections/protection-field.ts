import { ByteStringField, Maybe, Type } from "../../contract/fields.ts";

export const PatternField = ByteStringField("Full name, directory of names or glob, such as refs/heads/release/*");

/** What a rule forbids. */
export const PROTECTION_RULES = {
  noForce: Type.Boolean({ description: "Only fast-forwards" }),
  noDelete: Type.Boolean({ description: "May not be deleted" }),
  users: Maybe(Type.Array(Type.String(), { description: "Only these users may change it; absent: whoever may write" })),
  appliesToService: Type.Boolean({ description: "Binds the holder of the Gitaly protocol's secret as well" }),
};
