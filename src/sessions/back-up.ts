import type { WorktreeView } from "../backend/worktree-facet.ts";
import type { OpenRepository } from "../contract/context.ts";
import type { SessionInfo } from "../contract/sessions.ts";
import { formatCommit } from "../domain/format-object.ts";
import { type Oid, zeroOid } from "../domain/oid.ts";
import type { RefChange } from "../domain/reference.ts";
import { publishSession, refsOfSession } from "./publish-session.ts";

/** What a session that ends leaves behind. */
export class BackUp {
  readonly #repository: OpenRepository;
  readonly #view: WorktreeView;
  readonly #info: SessionInfo;

  constructor(repository: OpenRepository, view: WorktreeView, info: SessionInfo) {
    this.#repository = repository;
    this.#view = view;
    this.#info = info;
  }

  /** Commits what is there, beside HEAD; undefined where the session's branch has it all. */
  async make(committer: Uint8Array): Promise<Oid | undefined> {
    const { git } = this.#repository;
    const view = this.#view;
    await git.worktree.stage(view);
    const treeOid = await git.worktree.writeTree(view);
    const head = (await git.refs.head(view)).oid;
    const headTree = head === undefined ? undefined : await git.objects.resolve(view, `${head}^{tree}`, "tree");
    const isEmpty = headTree === undefined && (await git.objects.read(view, treeOid))?.size === 0;
    if (treeOid === headTree || isEmpty) return head === this.#info.baseOid ? undefined : head;
    const parentOids = head === undefined ? [] : [head];
    const message = Buffer.from(`backup of session ${this.#info.id}\n`);
    const commit = formatCommit({ treeOid, parentOids, author: committer, committer, message });
    return await git.worktree.writeObject(view, "commit", commit);
  }

  /** Moves the hidden references: to the backup, and away from what has been the session's. */
  async finish(kept: Oid | undefined, discard: boolean): Promise<void> {
    const { git, view, objectFormat } = this.#repository;
    const prefix = refsOfSession(this.#info.id);
    const removed: RefChange[] = [];
    for await (const batch of git.refs.list(view, { prefixes: [prefix], peel: false })) {
      for (const { name } of batch) {
        // Stashes were put away on purpose.
        if (!discard && name.startsWith(`${prefix}stash/`)) continue;
        removed.push({ name, newOid: zeroOid(objectFormat) });
      }
    }
    if (kept === undefined) {
      if (removed.length > 0) await this.#repository.updateRefs({ changes: removed, hooks: "none" });
      return;
    }
    await publishSession(this.#repository, this.#view, [...removed, { name: `${prefix}backup`, newOid: kept }]);
  }
}
