import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { NotFoundError } from "../errors.ts";
import { changing, type ContractCheck } from "./contract-check.ts";
import { equalBytes, equalText, gathered, joined, rejectionOf } from "./expectations.ts";
import { ABSENT_ID, created, filesAt, start, write } from "./written-repository.ts";

const FILES = {
  "README.md": "hello\n",
  "deep/er/still/file.txt": "deep\n",
  "src/index.ts": "export {};\n",
  "src/lib/one.ts": "1\n",
  "z.txt": "z\n",
};

/** Bytes of which none can be guessed from those before. */
export function unevenBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 16;
  }
  return bytes;
}

const LARGE_BYTES = 6 * 1024 * 1024;
const MANY_FILES = 1_200;

/** Reading: trees and files. */
export const TREE_CHECKS: readonly ContractCheck[] = [
  changing("tree of the root", async (context) => {
    const { adapter, repo } = context;
    await start(context, FILES);
    const entries = await adapter.getTreeEntries(repo, { revision: "main" });
    deepEqual(
      entries.map(({ path, type, mode, flatPath }) => ({ path, type, mode, flatPath })),
      [
        { path: "README.md", type: "blob", mode: 0o100644, flatPath: "README.md" },
        { path: "deep", type: "tree", mode: 0o40000, flatPath: "deep/er/still" },
        { path: "src", type: "tree", mode: 0o40000, flatPath: "src" },
        { path: "z.txt", type: "blob", mode: 0o100644, flatPath: "z.txt" },
      ],
    );
    equal(entries[0]?.oid, "ce013625030ba8dba906f756967f9e9ca394464a");
    for (const { pathBytes } of entries) equal(pathBytes, undefined);
  }),

  changing("recursive tree", async (context) => {
    const { adapter, repo } = context;
    await start(context, FILES);
    const entries = await adapter.getTreeEntries(repo, { revision: "main", recursive: true });
    deepEqual(entries.map(({ path }) => path).toSorted(), [
      "README.md",
      "deep",
      "deep/er",
      "deep/er/still",
      "deep/er/still/file.txt",
      "src",
      "src/index.ts",
      "src/lib",
      "src/lib/one.ts",
      "z.txt",
    ]);
    deepEqual(await gathered(adapter.streamTreeEntries(repo, { revision: "main", recursive: true })), entries);
  }),

  changing("tree of a folder", async (context) => {
    const { adapter, repo } = context;
    await start(context, FILES);
    const pathsOf = async (path: string, recursive = false) =>
      (await adapter.getTreeEntries(repo, { revision: "main", path, recursive })).map((entry) => entry.path);
    deepEqual(await pathsOf("src"), ["src/index.ts", "src/lib"]);
    deepEqual(await pathsOf("deep/er"), ["deep/er/still"]);
    deepEqual((await pathsOf("src", true)).toSorted(), ["src/index.ts", "src/lib", "src/lib/one.ts"]);
  }),

  changing("a tree at an older commit, and by its id", async (context) => {
    const { adapter, repo } = context;
    const first = await start(context);
    await write(context, created({ "later.txt": "later\n" }));
    deepEqual(await filesAt(context, first), ["README.md"]);
    deepEqual(await filesAt(context, "main~1"), ["README.md"]);
    deepEqual(await filesAt(context, "main"), ["README.md", "later.txt"]);
    const tree = (await adapter.findCommit(repo, first))?.treeId ?? "";
    match(tree, /^[0-9a-f]{40}$/);
    notEqual(tree, (await adapter.findCommit(repo, "main"))?.treeId);
  }),

  changing("a tree needs a revision and a folder that exist", async (context) => {
    const { adapter, repo } = context;
    await start(context, FILES);
    const cases = [
      { revision: "nowhere" },
      { revision: ABSENT_ID },
      { revision: "main", path: "nowhere" },
      { revision: "main", path: "README.md" },
      { revision: "main", path: "README.md/below" },
      { revision: "main", path: "nowhere", recursive: true },
      { revision: "main", path: "README.md", recursive: true },
    ];
    for (const request of cases) {
      const what = JSON.stringify(request);
      await rejectionOf(what, adapter.getTreeEntries(repo, request), NotFoundError);
      await rejectionOf(`stream of ${what}`, gathered(adapter.streamTreeEntries(repo, request)), NotFoundError);
    }
  }),

  changing(
    "a tree of thousands of files",
    async (context) => {
      const paths = Array.from({ length: MANY_FILES }, (_, index) => `many/${index % 50}/${index}.txt`);
      await start(context, Object.fromEntries(paths.map((path) => [path, `${path}\n`])));
      deepEqual((await filesAt(context, "main")).toSorted(), paths.toSorted());
    },
    "large",
  ),

  changing("blob content", async (context) => {
    const { adapter, repo } = context;
    const first = await start(context, { "README.md": "hello\n", "empty.txt": "" });
    await write(context, [{ type: "update", path: "README.md", content: "again\n" }]);
    const blob = (revision: string, path = "README.md") => adapter.getBlob(repo, { revision, path });
    equalText(await blob("main"), "again\n");
    equalText(await blob(first), "hello\n");
    equalText(await blob("main~1"), "hello\n");
    equalBytes(await blob("main", "empty.txt"), new Uint8Array());
    equalText(await joined(adapter.streamBlob(repo, { revision: "main", path: "README.md" })), "again\n");
  }),

  changing("a blob needs a revision and a file that exist", async (context) => {
    const { adapter, repo } = context;
    await start(context, FILES);
    const cases = [
      { revision: "nowhere", path: "README.md" },
      { revision: ABSENT_ID, path: "README.md" },
      { revision: "main", path: "nowhere.txt" },
      { revision: "main", path: "src" },
      { revision: "main", path: "README.md/below" },
    ];
    for (const request of cases) {
      const what = JSON.stringify(request);
      await rejectionOf(what, adapter.getBlob(repo, request), NotFoundError);
      await rejectionOf(`stream of ${what}`, joined(adapter.streamBlob(repo, request)), NotFoundError);
    }
  }),

  changing("every byte comes back as it was", async (context) => {
    const { adapter, repo } = context;
    const bytes = Uint8Array.from({ length: 1024 }, (_, index) => 255 - (index % 256));
    await start(context, { "all.bin": bytes, "latin-1.txt": Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x0a) });
    equalBytes(await adapter.getBlob(repo, { revision: "main", path: "all.bin" }), bytes);
    equalBytes(
      await adapter.getBlob(repo, { revision: "main", path: "latin-1.txt" }),
      Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x0a),
    );
  }),

  changing("text and paths beyond ASCII", async (context) => {
    const { adapter, repo } = context;
    const path = "Übung/日本語 🙂.txt";
    await start(context, { [path]: "Grüße, 世界 🙂\n" });
    equalText(await adapter.getBlob(repo, { revision: "main", path }), "Grüße, 世界 🙂\n");
    deepEqual(await filesAt(context, "main"), [path]);
  }),

  changing(
    "a file of 6 MB",
    async (context) => {
      const { adapter, repo } = context;
      const bytes = unevenBytes(LARGE_BYTES);
      await start(context, { "large.bin": bytes });
      equalBytes(await adapter.getBlob(repo, { revision: "main", path: "large.bin" }), bytes);
      equalBytes(await joined(adapter.streamBlob(repo, { revision: "main", path: "large.bin" })), bytes);
    },
    "large",
  ),
];
