import { RepositoryField, type TSchema } from "../../../contract/fields.ts";
import type { RepositoryRef } from "../../../contract/repository-ref.ts";
import { OperationError } from "../../../domain/errors.ts";
import { relativePathsOfClonePath } from "../../../domain/clone-path.ts";
import type { Engine } from "../../../engine/engine.ts";

/** The storage whose repositories have full names. */
const NAMED_STORAGE = "default";

/** Is this field a repository? Requests name one by its full name. */
export const isRepository = (schema: TSchema): boolean =>
  schema["properties"] !== undefined && schema["properties"] === RepositoryField.properties;

/** What requests call a field that is a repository: `repo`, `new_repo`, `newRepo`. */
export const repositoryFieldName = (name: string): string =>
  name.replace(/repository$/, "repo").replace(/Repository$/, "Repo");

/** Where the repository of a full name lies; undefined for what is none. Names that people may not give are looked for as well: a Gitaly client may have given them. */
export function refOfFullName(fullName: string, engine: Engine): RepositoryRef | undefined {
  const places = relativePathsOfClonePath(fullName);
  return places === undefined ? undefined : engine.refOf(NAMED_STORAGE, places);
}

/** Where the repository lies that a request names. Throws `invalid_input` for what is no name. */
export function repositoryNamed(fullName: unknown, field: string, engine: Engine): RepositoryRef {
  const ref = typeof fullName === "string" ? refOfFullName(fullName, engine) : undefined;
  if (ref === undefined) throw new OperationError("invalid_input", { field, problem: "is no name of a repository" });
  return ref;
}
