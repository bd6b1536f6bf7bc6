import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { WorktreeView } from "../backend/worktree-facet.ts";
import type { OpenRepository } from "../contract/context.ts";
import type { SessionInfo } from "../contract/sessions.ts";
import { hasReason } from "../domain/errors.ts";
import { formatCommit } from "../domain/format-object.ts";
import { EMPTY_TREE, type Oid, zeroOid } from "../domain/oid.ts";
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

  /** Commits what is there, beside HEAD; undefined where the session's branch, or the default branch, has it all. */
  async make(committer: Uint8Array): Promise<Oid | undefined> {
    const { git } = this.#repository;
    const view = this.#view;
    const stagedTree = await this.#stagedTree();
    await this.#stageAll();
    const treeOid = await git.worktree.writeTree(view);
    const head = (await git.refs.head(view)).oid;
    const headTree = head === undefined ? undefined : await git.objects.resolve(view, `${head}^{tree}`, "tree");
    const isEmpty = headTree === undefined && (await git.objects.read(view, treeOid))?.size === 0;
    // What was staged, and stands in no file as it was staged, has a commit of its own.
    const known = [headTree ?? EMPTY_TREE[view.objectFormat], treeOid];
    const isStaged = stagedTree !== undefined && !known.includes(stagedTree);
    if (!isStaged && (treeOid === headTree || isEmpty)) return (await this.#isOnBranch(head)) ? undefined : head;
    const commit = (tree: Oid, parentOids: readonly Oid[], what: string) => {
      const message = Buffer.from(`${what} of session ${this.#info.id}\n`);
      const content = formatCommit({ treeOid: tree, parentOids, author: committer, committer, message });
      return git.worktree.writeObject(view, "commit", content);
    };
    const parents = head === undefined ? [] : [head];
    return await commit(treeOid, isStaged ? [await commit(stagedTree, parents, "index")] : parents, "backup");
  }

  /** Asked of the branches as they are now: somebody may have moved or deleted what the session has pushed to. */
  async #isOnBranch(commit: Oid | undefined): Promise<boolean> {
    if (commit === undefined) return true;
    const { git, view } = this.#repository;
    const own = await git.refs.read(view, this.#info.branch);
    if (own?.oid !== undefined && (await git.history.isAncestor(this.#view, commit, own.oid))) return true;
    const { oid: byDefault } = await git.refs.head(view);
    return byDefault !== undefined && (await git.history.isAncestor(this.#view, commit, byDefault));
  }

  /**
   * Ignored files as well: somebody has written them. Takes the files as they are where they are not what their attributes say, so that no session is
   * kept from ending.
   */
  async #stageAll(): Promise<void> {
    const { worktree } = this.#repository.git;
    try {
      await worktree.stageWithIgnored(this.#view);
    } catch (error) {
      if (!hasReason(error, "invalid_input")) throw error;
      const file = join(this.#view.gitDir, "info/attributes");
      const before = await readFile(file).catch(() => undefined);
      await mkdir(dirname(file), { recursive: true });
      try {
        await writeFile(file, Buffer.concat([before ?? Buffer.alloc(0), Buffer.from("\n* -working-tree-encoding\n")]));
        await worktree.stageWithIgnored(this.#view);
      } finally {
        await (before === undefined ? rm(file, { force: true }) : writeFile(file, before));
      }
    }
  }

  /** Undefined for an index with conflicts: it stands for no tree. */
  async #stagedTree(): Promise<Oid | undefined> {
    try {
      return await this.#repository.git.worktree.writeTree(this.#view);
    } catch (error) {
      if (hasReason(error, "index_unmerged")) return undefined;
      throw error;
    }
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
