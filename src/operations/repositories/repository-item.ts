import type { RepositoryRecord } from "../../contract/identity.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import { Maybe, type Static, Type } from "../../contract/fields.ts";
import { repositoryNameOf } from "../../domain/repository-name.ts";

/** A repository as lists show it, and whoever makes one. */
export const RepositoryItem = Type.Object(
  {
    fullName: Type.String({ description: "Full name, such as alice/myrepo" }),
    owner: Maybe(Type.String({ description: "User whose it is" })),
    private: Type.Boolean({ description: "Only its owner, collaborators and administrators see it" }),
    description: Type.String({ description: "What it is for, in one line" }),
  },
  { additionalProperties: false, title: "Repository" },
);

/** Shows what is known of a repository. */
export function repositoryItem(
  { relativePath }: RepositoryRef,
  record: RepositoryRecord,
): Static<typeof RepositoryItem> {
  return { fullName: repositoryNameOf(relativePath), ...record };
}
