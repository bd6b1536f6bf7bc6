import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ByteString, fromByteString, toByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { unquotePath } from "../../domain/quote-path.ts";
import { NoPatch, type PatchSection, readPatch } from "../../domain/read-patch.ts";
import type { IndexEntry, WorktreeFacet, WorktreeView } from "../worktree-facet.ts";
import { DISK_FULL, type GitResult, type GitRunner } from "./run-git.ts";
import { change, nullEnded, recordsOf } from "./worktree-change.ts";
import { flushFiles, lookAt } from "./worktree-place.ts";

const TARGETS = { index: ["--cached"], worktree: [], both: ["--index"] } as const;

/** Applies patches through `git apply`, which applies all of one or nothing. */
export function createPatch(runner: GitRunner): Pick<WorktreeFacet, "applyPatch"> {
  return {
    async applyPatch(view: WorktreeView, patch: Uint8Array, { to, reverse = false }) {
      const sections = sectionsOf(patch);
      const paths = [...new Set(sections.flatMap((section) => section.paths))];
      // A lazy worktree: what it leaves out stays left out, or the file would count as deleted.
      const isLazy = to === "index" && existsSync(join(view.gitDir, "info/sparse-checkout"));
      const before = isLazy ? await entriesOf(view, paths) : new Map<GitPath, IndexEntry["isLeftOut"]>();
      const flags = [...TARGETS[to], ...(reverse ? ["--reverse"] : [])];
      const result = await change(runner, view, { command: "applyPatch", flags, stdin: patch });
      if (result.exitCode !== 0) throw refusalOf(result, sections);
      if (isLazy) {
        const after = await entriesOf(view, paths);
        const left = [...after.keys()].filter((path) => before.get(path) !== false && lookAt(view, path) === undefined);
        if (left.length > 0) await change(runner, view, { command: "leaveOut", stdin: nullEnded(left) });
      }
      if (to !== "index") await flushFiles(view, paths);
    },
  };

  /** Which of these files the index has, and whether they are left out. */
  async function entriesOf(view: WorktreeView, paths: readonly GitPath[]): Promise<Map<GitPath, boolean>> {
    const records = recordsOf(await runner.run(view, { command: "listTagged", paths }));
    return new Map(records.map((record) => [record.slice(2), record.startsWith("S")]));
  }
}

function sectionsOf(patch: Uint8Array): PatchSection[] {
  try {
    return readPatch(toByteString(patch));
  } catch (error) {
    if (error instanceof NoPatch) throw new OperationError("invalid_input", { field: "patch", problem: error.message });
    throw error;
  }
}

/** What git says of a patch that it does not apply (apply.c). */
function refusalOf({ exitCode, stderr }: GitResult, sections: readonly PatchSection[]): OperationError {
  const context = { context: { stderr, exitCode } };
  const said = (pattern: RegExp): ByteString | undefined => {
    const found = pattern.exec(stderr)?.[1];
    return found === undefined ? undefined : (unquotePath(found) ?? found);
  };
  const unsafe = said(/^error: (?:invalid path|affected file) '(.*?)'(?: is beyond a symbolic link)?$/m);
  if (unsafe !== undefined) return new OperationError("invalid_path", { path: unsafe, problem: "invalid" }, context);
  if (DISK_FULL.test(stderr)) return new OperationError("disk_full", {}, context);
  const [, name, line] = /^error: patch failed: (.*):(\d+)$/m.exec(stderr) ?? [];
  const path =
    name ??
    said(/^error: (.*?): (?:patch does not apply|does not|already exists|No such file|wrong type|is a directory)/m);
  if (path !== undefined) {
    const section = sections.find(({ paths }) => paths.includes(path));
    const hunk = section?.hunks.find(({ oldStart }) => oldStart === Number(line)) ?? section?.hunks[0];
    const details = { path, hunk: hunk === undefined ? null : fromByteString(hunk.text) };
    return new OperationError("patch_not_applicable", details, context);
  }
  const [, binary] =
    /^error: (?:cannot apply binary patch to|binary patch (?:does not apply )?to|the patch applies to) '(.*?)'/m.exec(
      stderr,
    ) ?? [];
  if (binary !== undefined) return new OperationError("patch_not_applicable", { path: binary, hunk: null }, context);
  const [, problem = "git cannot read it"] = /^error: (.*)$/m.exec(stderr) ?? [];
  if (exitCode === 128 || exitCode === 1)
    return new OperationError("invalid_input", { field: "patch", problem }, context);
  return new OperationError("git_failed", { command: "apply", exitCode }, context);
}
