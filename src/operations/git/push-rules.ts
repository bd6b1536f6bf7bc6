import type { Context, OpenRepository } from "../../contract/context.ts";
import { isRefusedToPushes } from "../../domain/hidden-refs.ts";
import { isZeroOid } from "../../domain/oid.ts";
import { isFullRefName, REFS_HEADS, type RefName } from "../../domain/reference.ts";
import type { RepositoryView } from "../../backend/backend.ts";
import type { PushCommand } from "../../wire/push-request.ts";
import { FUNNY_REFNAME } from "./push-refusals.ts";
import type { PushVerdicts } from "./push-verdicts.ts";

/** Refuses what no repository would take: names that are none, names that come twice, and hidden references where they are. */
export function refuseNames(verdicts: PushVerdicts, context: Pick<Context, "caller">): void {
  const { kind } = context.caller.principal;
  const isUser = kind === "user" || kind === "anonymous";
  const times = new Map<RefName, number>();
  for (const { name } of verdicts.left) times.set(name, (times.get(name) ?? 0) + 1);
  for (const command of verdicts.left) {
    const { name, newOid } = command;
    if (!isPushable(name)) {
      verdicts.refuse(command, {
        problem: FUNNY_REFNAME,
        explanation: `refusing to update funny ref '${name}' remotely`,
      });
    } else if (isUser && isRefusedToPushes(name)) {
      verdicts.refuse(command, { problem: `deny ${isZeroOid(newOid) ? "deleting" : "updating"} a hidden ref` });
    } else if ((times.get(name) ?? 0) > 1) {
      verdicts.refuse(command, {
        problem: "multiple updates for ref",
        explanation: `multiple updates for ref '${name}'`,
      });
    }
  }
}

/** As receive-pack: below `refs/`, and not directly there. */
const isPushable = (name: RefName): boolean => isFullRefName(name) && name.indexOf("/", "refs/".length) > 0;

/** Refuses what the repository's configuration and the server's settings do not let a push do (git-config(1), `receive.*`). */
export async function refuseByRules(
  verdicts: PushVerdicts,
  repository: OpenRepository,
  view: RepositoryView,
  { allowDefaultBranchDelete }: { readonly allowDefaultBranchDelete: boolean },
): Promise<void> {
  const config = await repository.receiveConfig();
  const left = verdicts.left;
  const deletes = left.some(({ newOid }) => isZeroOid(newOid));
  const current = deletes ? (await repository.git.refs.head(repository.view)).target : undefined;
  const keepsCurrent = config.denyDeleteCurrent && !allowDefaultBranchDelete;
  for (const command of left) {
    const { name, newOid } = command;
    if (isZeroOid(newOid)) {
      if (config.denyDeletes && name.startsWith(REFS_HEADS)) {
        verdicts.refuse(command, { problem: "deletion prohibited", explanation: `denying ref deletion for ${name}` });
      } else if (keepsCurrent && name === current) {
        const explanation = `refusing to delete the current branch: ${name}`;
        verdicts.refuse(command, { problem: "deletion of the current branch prohibited", explanation });
      }
    } else if (config.denyNonFastForwards && !(await isFastForward(repository, view, command))) {
      const explanation = `denying non-fast-forward ${name} (you should pull first)`;
      verdicts.refuse(command, { problem: "non-fast-forward", explanation });
    }
  }
}

async function isFastForward(
  { git }: OpenRepository,
  view: RepositoryView,
  { name, oldOid, newOid }: PushCommand,
): Promise<boolean> {
  if (!name.startsWith(REFS_HEADS) || isZeroOid(oldOid)) return true;
  // What is there no more, or never was, is for the ref door to refuse.
  if ((await git.objects.info(view, oldOid)) === undefined) return true;
  return git.history.isAncestor(view, oldOid, newOid);
}
