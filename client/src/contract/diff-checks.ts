import { deepEqual, equal, match, ok } from "node:assert/strict";
import { ZERO_ID } from "../domain/ref-update.ts";
import { NotFoundError } from "../errors.ts";
import type { DiffRange } from "../requests.ts";
import { changing, type ContractCheck, type ContractContext } from "./contract-check.ts";
import { equalBytes, equalText, gathered, joined, rejectionOf } from "./expectations.ts";
import { ABSENT_ID, created, EMPTY_TREE_ID, start, textAt, write } from "./written-repository.ts";

/** `git diff` of a change that is described in `startChange`, file by file. */
interface Change {
  readonly from: string;
  readonly to: string;
}

/** One file of each kind of change. */
async function startChange(context: ContractContext): Promise<Change> {
  const from = await start(context, {
    "changed.txt": "one\ntwo\nthree\n",
    "gone.txt": "gone\n",
    "src/kept.txt": "kept\n",
    "src/run.sh": "#!/bin/sh\n",
  });
  const to = await write(context, [
    { type: "create", path: "added.txt", content: "added\n" },
    { type: "update", path: "changed.txt", content: "one\n2\nthree\nfour\n" },
    { type: "delete", path: "gone.txt" },
    { type: "chmod", path: "src/run.sh", executable: true },
  ]);
  return { from, to };
}

const LARGE_FILES = 12;
const LARGE_LINES = 3_000;

/** Diffs file by file. */
const ENTRIES: readonly ContractCheck[] = [
  changing("diff of several files", async (context) => {
    const { adapter, repo } = context;
    const range = await startChange(context);
    const entries = await adapter.commitDiff(repo, range);
    deepEqual(
      entries.map(({ patch, fromId: _from, toId: _to, ...entry }) => ({
        ...entry,
        patch: new TextDecoder().decode(patch),
      })),
      [
        {
          fromPath: "added.txt",
          toPath: "added.txt",
          oldMode: 0,
          newMode: 0o100644,
          binary: false,
          linesAdded: 1,
          linesRemoved: 0,
          patch: "@@ -0,0 +1 @@\n+added\n",
        },
        {
          fromPath: "changed.txt",
          toPath: "changed.txt",
          oldMode: 0o100644,
          newMode: 0o100644,
          binary: false,
          linesAdded: 2,
          linesRemoved: 1,
          patch: "@@ -1,3 +1,4 @@\n one\n-two\n+2\n three\n+four\n",
        },
        {
          fromPath: "gone.txt",
          toPath: "gone.txt",
          oldMode: 0o100644,
          newMode: 0,
          binary: false,
          linesAdded: 0,
          linesRemoved: 1,
          patch: "@@ -1 +0,0 @@\n-gone\n",
        },
        {
          fromPath: "src/run.sh",
          toPath: "src/run.sh",
          oldMode: 0o100644,
          newMode: 0o100755,
          binary: false,
          linesAdded: 0,
          linesRemoved: 0,
          patch: "",
        },
      ],
    );
    deepEqual(await gathered(adapter.streamCommitDiff(repo, range)), entries);
  }),

  changing("a diff names blobs, and zeros for none", async (context) => {
    const { adapter, repo } = context;
    const range = await startChange(context);
    const [added, changed, gone] = await adapter.commitDiff(repo, range);
    equal(added?.fromId, ZERO_ID);
    equal(added?.toId, "d5f7fc3f74f7dec08280f370a975b112e8f60818");
    match(changed?.fromId ?? "", /^(?!0{40})[0-9a-f]{40}$/);
    match(changed?.toId ?? "", /^(?!0{40})[0-9a-f]{40}$/);
    equal(gone?.toId, ZERO_ID);
  }),

  changing("a diff between branches, and backwards", async (context) => {
    const { adapter, repo } = context;
    const { from, to } = await startChange(context);
    const forth = await adapter.commitDiff(repo, { from: "main~1", to: "main" });
    deepEqual(forth, await adapter.commitDiff(repo, { from, to }));
    const back = await adapter.commitDiff(repo, { from: to, to: from });
    deepEqual(
      back.map(({ linesAdded, linesRemoved }) => [linesAdded, linesRemoved]),
      forth.map(({ linesAdded, linesRemoved }) => [linesRemoved, linesAdded]),
    );
    deepEqual(await adapter.commitDiff(repo, { from: to, to }), []);
  }),

  changing("a diff from the empty tree", async (context) => {
    const { adapter, repo } = context;
    const { from } = await startChange(context);
    const entries = await adapter.commitDiff(repo, { from: EMPTY_TREE_ID, to: from });
    deepEqual(
      entries.map(({ toPath }) => toPath),
      ["changed.txt", "gone.txt", "src/kept.txt", "src/run.sh"],
    );
    for (const { fromId, oldMode } of entries) deepEqual([fromId, oldMode], [ZERO_ID, 0]);
  }),

  changing("a renamed file", async (context) => {
    const { adapter, repo } = context;
    const from = await start(context, { "old.txt": "1\n2\n3\n4\n5\n6\n7\n8\n9\n" });
    const to = await write(context, [{ type: "move", path: "folder/new.txt", previousPath: "old.txt" }]);
    const [entry, ...others] = await adapter.commitDiff(repo, { from, to });
    deepEqual(others, []);
    deepEqual([entry?.fromPath, entry?.toPath], ["old.txt", "folder/new.txt"]);
    deepEqual([entry?.linesAdded, entry?.linesRemoved, entry?.patch.length], [0, 0, 0]);
    equal(entry?.fromId, entry?.toId);
    const stats = await adapter.diffStats(repo, { from, to });
    deepEqual(stats, [{ path: "folder/new.txt", oldPath: "old.txt", additions: 0, deletions: 0 }]);
  }),

  changing("a binary file has no patch", async (context) => {
    const { adapter, repo } = context;
    const from = await start(context, { "a.bin": Uint8Array.of(0, 1, 2, 3) });
    const to = await write(context, [{ type: "update", path: "a.bin", content: Uint8Array.of(0, 1, 2, 4) }]);
    const [entry] = await adapter.commitDiff(repo, { from, to });
    equal(entry?.binary, true);
    deepEqual([entry?.linesAdded, entry?.linesRemoved, entry?.patch.length], [0, 0, 0]);
  }),

  changing("a patch without a line feed at the end", async (context) => {
    const { adapter, repo } = context;
    const from = await start(context, { "a.txt": "a" });
    const to = await write(context, [{ type: "update", path: "a.txt", content: "b" }]);
    const [entry] = await adapter.commitDiff(repo, { from, to });
    const none = "\\ No newline at end of file\n";
    equalText(entry?.patch ?? new Uint8Array(), `@@ -1 +1 @@\n-a\n${none}+b\n${none}`);
  }),

  changing("a patch larger than one message", async (context) => {
    const { adapter, repo } = context;
    const from = await start(context, { "a.txt": "first\n" });
    const lines = Array.from({ length: LARGE_LINES }, (_, index) => `line ${index} of a long file\n`).join("");
    const to = await write(context, [{ type: "update", path: "a.txt", content: `first\n${lines}` }]);
    const [entry] = await adapter.commitDiff(repo, { from, to });
    equal(entry?.linesAdded, LARGE_LINES);
    const patch = `@@ -1 +1,${LARGE_LINES + 1} @@\n first\n${lines.replaceAll(/^/gm, "+").replace(/\+$/, "")}`;
    equalText(entry?.patch ?? new Uint8Array(), patch);
  }),
];

const PATHS_CASES: readonly [paths: readonly string[], found: readonly string[]][] = [
  [["added.txt"], ["added.txt"]],
  [["src"], ["src/run.sh"]],
  [
    ["gone.txt", "src"],
    ["gone.txt", "src/run.sh"],
  ],
  [["add"], []],
  [["*.txt"], []],
];

/** Diffs as a whole, and in numbers. */
const WHOLES: readonly ContractCheck[] = [
  changing("only some paths", async (context) => {
    const { adapter, repo } = context;
    const range = await startChange(context);
    for (const [paths, found] of PATHS_CASES) {
      const request = { ...range, paths };
      const entries = await adapter.commitDiff(repo, request);
      deepEqual(
        entries.map(({ toPath }) => toPath),
        found,
      );
      const stats = await adapter.diffStats(repo, request);
      deepEqual(
        stats.map(({ path }) => path),
        found,
      );
      const raw = new TextDecoder().decode(await adapter.rawDiff(repo, request));
      deepEqual(
        [...raw.matchAll(/^diff --git a\/(\S+) /gm)].map(([, path]) => path),
        found,
      );
    }
  }),

  changing("raw diff", async (context) => {
    const { adapter, repo } = context;
    const from = await start(context, { "a.txt": "a\n" });
    const to = await write(context, [{ type: "update", path: "a.txt", content: "b\n" }]);
    const ids = "78981922613b2afb6025042ff6bd878ac1994e85..61780798228d17af2d34fce4cfbdf35556832472";
    equalText(
      await adapter.rawDiff(repo, { from, to }),
      `diff --git a/a.txt b/a.txt\nindex ${ids} 100644\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-a\n+b\n`,
    );
    equalBytes(await adapter.rawDiff(repo, { from: to, to }), new Uint8Array());
  }),

  changing("raw diff in many chunks", async (context) => {
    const { adapter, repo } = context;
    const from = await start(context);
    const content = "A line that is neither short nor long, é.\n".repeat(LARGE_LINES);
    const paths = Array.from({ length: LARGE_FILES }, (_, index) => `large-${10 + index}.txt`);
    const to = await write(context, created(Object.fromEntries(paths.map((path) => [path, content]))));
    const raw = await adapter.rawDiff(repo, { from, to });
    ok(raw.length > LARGE_FILES * content.length, "all files are in it");
    equalBytes(await joined(adapter.streamRawDiff(repo, { from, to })), raw);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(raw);
    deepEqual(
      [...text.matchAll(/^diff --git a\/(\S+) /gm)].map(([, path]) => path),
      paths,
    );
    equal(text.match(/^\+A line/gm)?.length, LARGE_FILES * LARGE_LINES);
  }),

  changing("diff stats", async (context) => {
    const { adapter, repo } = context;
    const range = await startChange(context);
    deepEqual(await adapter.diffStats(repo, range), [
      { path: "added.txt", additions: 1, deletions: 0 },
      { path: "changed.txt", additions: 2, deletions: 1 },
      { path: "gone.txt", additions: 0, deletions: 1 },
      { path: "src/run.sh", additions: 0, deletions: 0 },
    ]);
    deepEqual(await adapter.diffStats(repo, { from: range.to, to: range.to }), []);
  }),

  changing("a diff needs commits that exist", async (context) => {
    const { adapter, repo } = context;
    await start(context);
    const ranges: DiffRange[] = [
      { from: "nowhere", to: "main" },
      { from: "main", to: "nowhere" },
      { from: ABSENT_ID, to: "main" },
    ];
    for (const range of ranges) {
      const what = JSON.stringify(range);
      await rejectionOf(`commitDiff ${what}`, adapter.commitDiff(repo, range), NotFoundError);
      await rejectionOf(`rawDiff ${what}`, adapter.rawDiff(repo, range), NotFoundError);
      await rejectionOf(`diffStats ${what}`, adapter.diffStats(repo, range), NotFoundError);
    }
    equal(await textAt(context, "main", "README.md"), "hello\n");
  }),
];

/** What changed between two commits. */
export const DIFF_CHECKS: readonly ContractCheck[] = [...ENTRIES, ...WHOLES];
