import { type ByteString, compareByteStrings, fromByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { type GitPath, type ObjectType, typeOfMode } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { writeLooseObject } from "../loose-object.ts";
import type {
  IndexEntry,
  StatusEntry,
  StatusOptions,
  WorktreeChange,
  WorktreeFacet,
  WorktreeView,
} from "../worktree-facet.ts";
import { nullRecords } from "./null-records.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";
import { change } from "./worktree-change.ts";

/** Entries that one batch has at most. */
const BATCH_MAX = 1000;

type CheckoutMethods = Pick<
  WorktreeFacet,
  "checkout" | "status" | "readFromIndex" | "listIndex" | "include" | "writeObject" | "writeTree"
>;

/** Fills a worktree, and tells what is in it and in its index. */
export function createCheckout(runner: GitRunner): CheckoutMethods {
  async function* listIndex(view: WorktreeView, path: GitPath): AsyncGenerator<IndexEntry[]> {
    const run = { command: "listIndex", ...(path === "" ? {} : { paths: [path] }) } as const;
    for await (const records of nullRecords(runner.stream(view, run))) {
      const entries = records.map(indexEntryOf).filter((entry) => entry !== undefined);
      if (entries.length > 0) yield entries;
    }
  }

  return {
    listIndex,

    async checkout(view: WorktreeView, commit: Oid | undefined, how: "full" | "lazy") {
      if (commit === undefined) return;
      await change(runner, view, { command: how === "full" ? "checkOut" : "readTree", operands: [commit] });
    },

    async *status(view: WorktreeView, { paths, untracked }: StatusOptions) {
      const flags = [`--untracked-files=${UNTRACKED[untracked]}`];
      const found: StatusEntry[] = [];
      for await (const records of nullRecords(runner.stream(view, { command: "status", flags, paths: paths ?? [] })))
        for (const record of records) found.push(...statusOf(record));
      // Git tells what it does not know after all others.
      found.sort((a, b) => compareByteStrings(a.path, b.path));
      for (let at = 0; at < found.length; at += BATCH_MAX) yield found.slice(at, at + BATCH_MAX);
    },

    async readFromIndex(view: WorktreeView, path: GitPath) {
      for await (const batch of listIndex(view, path)) {
        const found = batch.find((entry) => entry.path === path);
        if (found !== undefined) return found;
      }
      return undefined;
    },

    async include(view: WorktreeView, paths: readonly GitPath[]) {
      const stdin = fromByteString(paths.map((path) => `${path}\0`).join(""));
      await change(runner, view, { command: "include", stdin });
    },

    writeObject: (view: WorktreeView, type: ObjectType, content: Uint8Array) =>
      writeLooseObject(`${view.gitDir}/objects`, view.objectFormat, type, content, { durable: false }),

    async writeTree(view: WorktreeView) {
      try {
        const { stdout } = await change(runner, view, { command: "writeTree" });
        return stdout.toString("latin1").trim();
      } catch (error) {
        const unmerged = /^(.*): unmerged \([0-9a-f]+\)$/gm;
        const paths = [...(stderrOf(error) ?? "").matchAll(unmerged)].map(([, path]) => path!);
        if (paths.length === 0) throw error;
        throw new OperationError("index_unmerged", { paths: [...new Set(paths)] }, { cause: error });
      }
    },
  };
}

const UNTRACKED = { none: "no", folders: "normal", files: "all" } as const;

/** `TAG MODE OID STAGE\tPATH`; only entries of stage 0 are told. */
function indexEntryOf(record: ByteString): IndexEntry | undefined {
  const tab = record.indexOf("\t");
  const [tag, mode = "", oid = "", stage] = record.slice(0, tab).split(" ");
  if (stage !== "0") return undefined;
  const number = Number.parseInt(mode, 8);
  return { path: record.slice(tab + 1), mode: number, type: typeOfMode(number), oid, isLeftOut: tag === "S" };
}

const CHANGES: Readonly<Record<string, WorktreeChange>> = {
  ".": "unmodified",
  M: "modified",
  A: "added",
  D: "deleted",
  T: "type-changed",
  U: "unmerged",
};

/** A record of `git status --porcelain=v2 -z --no-renames`: the path is its last field. */
function statusOf(record: ByteString): StatusEntry[] {
  const after = (spaces: number) => {
    let at = -1;
    for (let count = 0; count < spaces; count++) at = record.indexOf(" ", at + 1);
    return record.slice(at + 1);
  };
  switch (record[0]) {
    case "1":
      return [{ path: after(8), index: CHANGES[record[2]!]!, worktree: CHANGES[record[3]!]! }];
    case "u":
      return [{ path: after(10), index: "unmerged", worktree: "unmerged" }];
    case "?":
      return [{ path: record.slice(2), index: "untracked", worktree: "untracked" }];
    default:
      return [];
  }
}
