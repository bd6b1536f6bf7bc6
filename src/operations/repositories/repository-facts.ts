import type { RepositoryRef } from "../../contract/repository-ref.ts";
import { repositoryNameOf } from "../../domain/repository-name.ts";

/** A repository as events of administration name it. */
export function repositoryFacts({ storage, relativePath }: RepositoryRef): Record<string, string> {
  const repo = repositoryNameOf(relativePath);
  return storage === "default" ? { repo } : { repo, storage };
}
