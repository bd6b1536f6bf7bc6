import type { CallOptions } from "../call-options.ts";
import type { GitRepo } from "../domain/repo.ts";
import { ConflictError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { type ListRefsResponse, RefService } from "./generated/ref_pb.ts";
import { repositoryMessage } from "./message-shape.ts";
import { bytesOf, textOf } from "./text.ts";

/** What a reference is now, by its full name; undefined when there is none. */
export async function readReference(
  server: Connection,
  repo: GitRepo,
  name: string,
  options?: CallOptions,
): Promise<string | undefined> {
  const request = { repository: repositoryMessage(repo), patterns: [bytesOf(name)] };
  const found = await server.collect(RefService.method.listRefs, request, options, () => ({
    target: undefined as string | undefined,
    take({ references }: ListRefsResponse) {
      // A pattern stands for what is below the name, too.
      for (const each of references) if (textOf(each.name) === name) this.target = each.target;
    },
  }));
  return found.target;
}

/** The conflict of a reference that is there against what was expected. */
export function conflictOfExisting(reference: string, expectedId: string, actualId: string): ConflictError {
  return new ConflictError(`reference exists already: ${reference}`, {
    code: "FAILED_PRECONDITION",
    detail: { kind: "reference_exists", reference, expectedId, actualId },
  });
}
