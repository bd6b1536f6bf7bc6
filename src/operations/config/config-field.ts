import type { OpenRepository } from "../../contract/context.ts";
import { Maybe, type Static, Type } from "../../contract/fields.ts";
import { decodeUtf8 } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { nearest } from "../../domain/nearest.ts";
import { CONFIG_VARIABLES, configVariable, type ConfigVariable } from "../../domain/repository-config.ts";

/** A variable that an operation is about. */
export const ConfigKeyField = Type.String({ description: "Name of the variable, such as receive.denyDeletes" });

/** A variable as operations answer with it. */
export const ConfigItem = Type.Object(
  {
    key: Type.String({ description: "Name, such as receive.denyDeletes" }),
    value: Maybe(
      Type.String({ description: "What the repository's configuration says; absent: nothing, git's default holds" }),
    ),
    type: Type.Union([Type.Literal("boolean"), Type.Literal("integer"), Type.Literal("size")]),
    description: Type.String({ description: "What it does" }),
  },
  { additionalProperties: false, title: "ConfigEntry" },
);

/** The variable of this name. Throws `invalid_input` for one that is not among those that may be seen and changed. */
export function variableNamed(key: string): ConfigVariable {
  const variable = configVariable(key);
  if (variable !== undefined) return variable;
  const near = nearest(
    key,
    CONFIG_VARIABLES.map((each) => each.key),
  );
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw new OperationError("invalid_input", { field: "key", problem: `is no variable that may be changed${hint}` });
}

/** Shows variables with what the repository says of each: the last value, as git takes it. */
export async function configItems(
  { git, view }: OpenRepository,
  variables: readonly ConfigVariable[],
): Promise<Static<typeof ConfigItem>[]> {
  const values = new Map((await git.maintenance.readConfig(view)).map(({ key, value }) => [key.toLowerCase(), value]));
  return variables.map(({ key, type, meaning }) => {
    const value = values.get(key.toLowerCase());
    return { key, ...(value !== undefined && { value: decodeUtf8(value) }), type, description: meaning };
  });
}
