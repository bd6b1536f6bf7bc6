import { describe, expect, test } from "bun:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { FileAction } from "../../src/domain/file-action.ts";
import { branchOf } from "../../src/gitaly/branch-conversion.ts";
import { authorOf, commitOf } from "../../src/gitaly/commit-conversion.ts";
import { DiffAssembly } from "../../src/gitaly/diff-assembly.ts";
import { CONTENT_PIECE_BYTES, fileActionMessages } from "../../src/gitaly/file-action-messages.ts";
import { TreeEntry_EntryType, TreeEntrySchema } from "../../src/gitaly/generated/commit_pb.ts";
import { CommitDiffResponseSchema } from "../../src/gitaly/generated/diff_pb.ts";
import { UserCommitFilesActionHeader_ActionType as ActionType } from "../../src/gitaly/generated/operations_pb.ts";
import { BranchSchema, CommitAuthorSchema, GitCommitSchema, TagSchema } from "../../src/gitaly/generated/shared_pb.ts";
import { repositoryMessage, userMessage } from "../../src/gitaly/message-shape.ts";
import { tagOf } from "../../src/gitaly/tag-conversion.ts";
import { treeEntryOf } from "../../src/gitaly/tree-entry-conversion.ts";
import { GitError, ValidationError } from "../../src/index.ts";
import { NEW_ID, OLD_ID } from "../support/calls-of-changes.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const author = {
  name: bytes("Jörg"),
  email: bytes("joerg@example.org"),
  date: { seconds: 1_750_000_000n },
  timezone: bytes("+0200"),
};
const JOERG = { name: "Jörg", email: "joerg@example.org", date: new Date(1_750_000_000_000) };
const commit = {
  id: NEW_ID,
  subject: bytes("Öffnen"),
  body: bytes("Öffnen\n\nmore\n"),
  bodySize: BigInt(bytes("Öffnen\n\nmore\n").byteLength),
  author,
  committer: author,
  parentIds: [OLD_ID],
  treeId: OLD_ID,
} satisfies MessageInitShape<typeof GitCommitSchema>;
const COMMIT = {
  id: NEW_ID,
  subject: "Öffnen",
  body: "Öffnen\n\nmore\n",
  bodyTruncated: false,
  author: JOERG,
  committer: JOERG,
  parentIds: [OLD_ID],
  treeId: OLD_ID,
};

describe("a commit", () => {
  test("is plain", () => {
    expect(commitOf(create(GitCommitSchema, commit))).toEqual(COMMIT);
  });

  test("says when its message was cut", () => {
    expect(commitOf(create(GitCommitSchema, { ...commit, bodySize: 20_000n })).bodyTruncated).toBe(true);
  });

  test("keeps a byte order mark, and replaces what is no UTF-8", () => {
    const { subject } = commitOf(
      create(GitCommitSchema, { ...commit, subject: Buffer.from("\xef\xbb\xbfa\xe9", "latin1") }),
    );
    expect(subject).toBe("\ufeffa\ufffd");
  });

  test("with a date beyond all calendars has the last one", () => {
    const { date } = authorOf(create(CommitAuthorSchema, { ...author, date: { seconds: 9_223_371_974_719_179_007n } }));
    expect(Number.isNaN(date.getTime())).toBe(false);
    expect(date.getTime()).toBe(8_640_000_000_000_000);
  });
});

describe("a branch", () => {
  test.each(["main", "refs/heads/main"])("that a server calls %s is main", (name) => {
    expect(branchOf(create(BranchSchema, { name: bytes(name), targetCommit: commit }))).toEqual({
      name: "main",
      commit: COMMIT,
    });
  });

  test("without a commit is none", () => {
    expect(branchOf(undefined)).toBeUndefined();
    expect(branchOf(create(BranchSchema, { name: bytes("main") }))).toBeUndefined();
  });
});

describe("a tag", () => {
  test("that is lightweight has no message", () => {
    const tag = tagOf(create(TagSchema, { name: bytes("refs/tags/v1"), id: NEW_ID, targetCommit: commit }));
    expect(tag).toEqual({ name: "v1", id: NEW_ID, targetCommit: COMMIT });
  });

  test("that is annotated has one, without the newline at its end", () => {
    const message = { name: bytes("v1"), id: OLD_ID, targetCommit: commit, message: bytes("One\n"), tagger: author };
    expect(tagOf(create(TagSchema, message))).toEqual({
      name: "v1",
      id: OLD_ID,
      targetCommit: COMMIT,
      message: "One",
      tagger: JOERG,
    });
  });

  test("that is annotated with nothing has an empty one", () => {
    const message = { name: bytes("v1"), id: OLD_ID, targetCommit: commit };
    expect(tagOf(create(TagSchema, message)).message).toBe("");
  });

  test("of a tree leads to no commit", () => {
    expect(tagOf(create(TagSchema, { name: bytes("v1"), id: OLD_ID }))).toEqual({ name: "v1", id: OLD_ID });
  });
});

describe("a tree entry", () => {
  test.each([
    ["blob", TreeEntry_EntryType.BLOB, 0o100755],
    ["tree", TreeEntry_EntryType.TREE, 0o40000],
    ["commit", TreeEntry_EntryType.COMMIT, 0o160000],
  ] as const)("that is a %s", (type, of, mode) => {
    const message = { oid: NEW_ID, path: bytes("a/ö"), flatPath: bytes("a/ö/x"), type: of, mode };
    expect(treeEntryOf(create(TreeEntrySchema, message))).toEqual({
      oid: NEW_ID,
      path: "a/ö",
      flatPath: "a/ö/x",
      type,
      mode,
    });
  });

  test("without a flat path has its own", () => {
    expect(treeEntryOf(create(TreeEntrySchema, { oid: NEW_ID, path: bytes("a") })).flatPath).toBe("a");
  });

  test("keeps the bytes of a path that is no UTF-8, and only of such", () => {
    const path = Buffer.from("caf\xe9", "latin1");
    const entry = treeEntryOf(create(TreeEntrySchema, { oid: NEW_ID, path }));
    expect([entry.path, Buffer.from(entry.pathBytes ?? []).toString("latin1")]).toEqual(["caf\ufffd", "caf\xe9"]);
    expect(treeEntryOf(create(TreeEntrySchema, { oid: NEW_ID, path: bytes("\ufffd") })).pathBytes).toBeUndefined();
  });
});

describe("a diff", () => {
  const head = { fromPath: bytes("a"), toPath: bytes("b"), fromId: OLD_ID, toId: NEW_ID, oldMode: 1, newMode: 2 };
  const assembled = (...messages: readonly MessageInitShape<typeof CommitDiffResponseSchema>[]) => {
    const assembly = new DiffAssembly();
    for (const message of messages) assembly.take(create(CommitDiffResponseSchema, message));
    return assembly.end();
  };

  test("is put together from its pieces, its lines counted where the server did not", () => {
    const entries = assembled(
      { ...head, rawPatchData: bytes("@@ -1 +1,2 @@\n-a\n+") },
      { rawPatchData: bytes("+a\n+-b\n"), endOfPatch: true },
      { ...head, endOfPatch: true },
    );
    expect(entries.map(({ patch, ...rest }) => ({ ...rest, patch: Buffer.from(patch).toString() }))).toEqual([
      {
        fromPath: "a",
        toPath: "b",
        fromId: OLD_ID,
        toId: NEW_ID,
        oldMode: 1,
        newMode: 2,
        binary: false,
        patch: "@@ -1 +1,2 @@\n-a\n++a\n+-b\n",
        linesAdded: 2,
        linesRemoved: 1,
      },
      {
        fromPath: "a",
        toPath: "b",
        fromId: OLD_ID,
        toId: NEW_ID,
        oldMode: 1,
        newMode: 2,
        binary: false,
        patch: "",
        linesAdded: 0,
        linesRemoved: 0,
      },
    ]);
  });

  test("of a binary file has no patch", () => {
    const [entry] = assembled({
      ...head,
      binary: true,
      rawPatchData: bytes("Binary files differ\n"),
      endOfPatch: true,
    });
    expect([entry?.binary, entry?.patch.byteLength]).toEqual([true, 0]);
  });

  test.each(["overflowMarker", "tooLarge", "collapsed"] as const)("that a server has cut (%s) is none", (mark) => {
    expect(() => assembled({ ...head, [mark]: true, endOfPatch: true })).toThrow(GitError);
  });
});

describe("an action", () => {
  const messages = (action: FileAction): unknown[] =>
    Array.from(fileActionMessages(action), ({ userCommitFilesRequestPayload: { value } }) => {
      if (value?.$typeName !== "gitaly.UserCommitFilesAction") throw new Error("no action");
      const { value: part } = value.userCommitFilesActionPayload;
      return part instanceof Uint8Array ? part : { ...part };
    });
  const header = { $typeName: "gitaly.UserCommitFilesActionHeader", base64Content: false };
  const plain = { ...header, previousPath: new Uint8Array(), executeFilemode: false, inferContent: false };
  const filePath = new Uint8Array(bytes("a"));

  test("that makes a file has its content behind it", () => {
    expect(messages({ type: "create", path: "a", content: "ö", executable: true })).toEqual([
      { ...plain, action: ActionType.CREATE, filePath, executeFilemode: true },
      new Uint8Array(bytes("ö")),
    ]);
  });

  test("that moves keeps the content unless it has some", () => {
    const moved = { ...plain, action: ActionType.MOVE, filePath, previousPath: new Uint8Array(bytes("b")) };
    expect(messages({ type: "move", path: "a", previousPath: "b" })).toEqual([{ ...moved, inferContent: true }]);
    expect(messages({ type: "move", path: "a", previousPath: "b", content: "" })).toEqual([moved]);
  });

  test.each([
    [{ type: "createDir", path: "a" }, ActionType.CREATE_DIR, false],
    [{ type: "delete", path: "a" }, ActionType.DELETE, false],
    [{ type: "chmod", path: "a", executable: true }, ActionType.CHMOD, true],
  ] as const)("%j", (action, of, executeFilemode) => {
    expect(messages(action)).toEqual([{ ...plain, action: of, filePath, executeFilemode }]);
  });

  test("has large content in pieces that servers take", () => {
    const content = Buffer.alloc(2 * CONTENT_PIECE_BYTES + 1, "x");
    const [, ...pieces] = messages({ type: "update", path: "a", content });
    expect(pieces.map((piece) => (piece as Uint8Array).byteLength)).toEqual([
      CONTENT_PIECE_BYTES,
      CONTENT_PIECE_BYTES,
      1,
    ]);
  });

  test.each(["", "/a", "a/", "a//b", ".", "../a", "a/../b", ".git/config", "a/.GIT/b", "a\0b"])(
    "does not name %j",
    (path) => {
      expect(() => messages({ type: "delete", path })).toThrow(ValidationError);
    },
  );
});

describe("what every call carries", () => {
  test("a repository has a name for hooks", () => {
    const repo = { storage: "default", relativePath: "a.git" };
    expect(repositoryMessage(repo).glRepository).toBe("a.git");
    expect(repositoryMessage({ ...repo, glRepository: "app-1" }).glRepository).toBe("app-1");
    expect(() => repositoryMessage({ ...repo, storage: "" })).toThrow(ValidationError);
  });

  test("a user has an id, a name and a mail address", () => {
    const user = { glId: "user-1", name: "Ada", email: "ada@example.org" };
    expect(userMessage({ ...user, glUsername: "ada", timezone: "Asia/Tokyo" })).toMatchObject({
      glId: "user-1",
      glUsername: "ada",
      timezone: "Asia/Tokyo",
    });
    for (const lack of [{ glId: "" }, { name: " " }, { email: "" }])
      expect(() => userMessage({ ...user, ...lack })).toThrow(ValidationError);
  });
});
