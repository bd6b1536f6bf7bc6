import { randomUUID } from "node:crypto";
import { appRepositoryId, appUserId } from "../../src/domain/application-ids.ts";
import type { GitUser } from "../../src/domain/user.ts";
import type { GitAdapter } from "../../src/git-adapter.ts";
import type { ContractContext } from "../../src/testing.ts";

/** Who makes the changes of the contract's checks. */
export const CONTRACT_USER: GitUser = { glId: appUserId(42), name: "Ada Prüferin", email: "ada@example.org" };

/** A context whose repository nobody has seen before. */
export function freshContext(adapter: GitAdapter): ContractContext {
  const id = randomUUID();
  return {
    adapter,
    repo: { storage: "default", relativePath: `contract/${id}.git`, glRepository: appRepositoryId(id) },
    user: CONTRACT_USER,
  };
}
