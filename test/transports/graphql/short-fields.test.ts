// The six fields that most callers want: plain arguments, and the session of the header.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { saveStash } from "../../../src/operations/index.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { ExampleWorld } from "../../support/example-world.ts";
import { type GraphqlListener, listenGraphql } from "./graphql-listener.ts";

describe("short fields", () => {
  let world: ExampleWorld;
  let listener: GraphqlListener;
  let repo: string;
  let session: Record<string, string>;

  beforeAll(async () => {
    world = await ExampleWorld.open("libgit2");
    listener = listenGraphql(world.test.engine, world.test.authenticator);
  });
  beforeEach(async () => {
    const prepared = await world.prepare(saveStash, saveStash.examples[0]!);
    repo = prepared.fullName;
    session = { "holdfast-session": prepared.input["session"] as string };
  });
  afterAll(async () => {
    expect(listener.bugs).toEqual([]);
    await listener.close();
    await world.close();
  });

  test("have exactly these arguments and types", async () => {
    const { data } = await listener.ask(`{
      query: __type(name: "Query") { ...fields }
      mutation: __type(name: "Mutation") { ...fields }
    }
    fragment fields on __Type { fields { name type { ...type } args { name type { ...type } } } }
    fragment type on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }`);
    type Type = { name: string; kind: string; ofType: Type };
    type Field = { name: string; type: Type; args: Field[] };
    const told = ({ kind, name, ofType }: Type): string =>
      kind === "NON_NULL" ? `${told(ofType)}!` : kind === "LIST" ? `[${told(ofType)}]` : name;
    const types = data as Record<string, { fields: Field[] }>;
    const signatures = [...types["query"]!.fields, ...types["mutation"]!.fields].map(
      ({ name, args, type }) =>
        `${name}(${args.map((each) => `${each.name}: ${told(each.type)}`).join(", ")}): ${told(type)}`,
    );
    for (const wanted of [
      "files(repo: ID!, rev: String!, path: String, recursive: Boolean): [File!]!",
      "diff(repo: ID!, from: String!, to: String!, contextLines: Int): Diff!",
      "stashes(repo: ID!): [Stash!]!",
      "stage(repo: ID!, path: String!, patch: String): Boolean!",
      "stashSave(repo: ID!, message: String, includeUntracked: Boolean): Stash!",
      "revertCommit(repo: ID!, sha: String!): Commit!",
    ])
      expect(signatures).toContain(wanted);
  });

  test("read files, a diff and the stashes at once", async () => {
    const query = `query ($repo: ID!) {
      files(repo: $repo, rev: "main", path: "docs", recursive: true) { path type }
      diff(repo: $repo, from: "main~1", to: "main", contextLines: 0) { files { path status hunks } }
      stashes(repo: $repo) { id }
    }`;
    const { data } = await listener.ask(query, { repo }, session);
    expect(data).toEqual({
      files: [
        { path: "docs/a.txt", type: "blob" },
        { path: "docs/deep", type: "tree" },
        { path: "docs/deep/b.txt", type: "blob" },
      ],
      diff: { files: [{ path: "README.md", status: "modified", hunks: "@@ -1,0 +2,2 @@\n+\n+More.\n" }] },
      stashes: [],
    });
  });

  test("show a diff as one text, as hunks of each file, or as both", async () => {
    const fields = { patch: "patch", hunks: "files { hunks }", both: "...F" };
    const ask = async (selection: string) => {
      const query = `query ($repo: ID!) { diff(repo: $repo, from: "main~1", to: "main") { additions ${selection} } }
        ${selection === "...F" ? "fragment F on Diff { patch files { hunks } }" : ""}`;
      const { data } = await listener.ask(query, { repo });
      return (data as { diff: { patch?: string; files?: { hunks: string }[]; additions: number } }).diff;
    };
    const [patch, hunks, both] = [await ask(fields.patch), await ask(fields.hunks), await ask(fields.both)];
    expect(patch.patch).toStartWith("diff --git a/README.md b/README.md");
    expect(patch.patch).toEndWith(hunks.files![0]!.hunks);
    expect(both).toEqual({ ...patch, ...hunks });
  });

  test("name what is no UTF-8 as bytes", async () => {
    const git = TemporaryRepository.at(world.test.pathOf({ storage: "default", relativePath: `${repo}.git` }));
    const name = Buffer.from([0x66, 0xff]);
    await git.git(["hash-object", "-w", "--stdin"], { input: "" });
    const tree = await git.text(["mktree", "-z"], {
      input: Buffer.concat([
        Buffer.from("100644 blob e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\t"),
        name,
        Buffer.from("\0"),
      ]),
    });
    const commit = await git.text(["commit-tree", "-m", "bytes", tree]);
    const path = { base64: name.toString("base64") };
    const query = `query ($repo: ID!, $rev: String!, $bytes: Bytes!, $path: Bytes!) {
      files(repo: $repo, rev: $rev) { path size lastCommit { oid } }
      getFile(repo: $repo, rev: $bytes, path: $path) { path size content }
    }`;
    const { data, errors } = await listener.ask(query, { repo, rev: commit, bytes: commit, path });
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      files: [{ path, size: 0, lastCommit: { oid: commit } }],
      getFile: { path, size: 0, content: "" },
    });
  });

  test("stage, stash and revert", async () => {
    const query = `mutation ($repo: ID!) {
      stage(repo: $repo, path: "x")
      stashSave(repo: $repo, message: "half done", includeUntracked: true) { position message }
      revertCommit(repo: $repo, sha: "main") { subject parentOids author { name } }
    }`;
    const { data } = await listener.ask(query, { repo }, session);
    expect(data).toEqual({
      stage: true,
      stashSave: { position: 0, message: expect.stringContaining("half done") as string },
      revertCommit: {
        subject: 'Revert "Say more"',
        parentOids: [expect.stringMatching(/^[0-9a-f]{40}$/) as string],
        author: { name: "Administrator" },
      },
    });
  });

  test("fail without harm to the others, with the error of the operation", async () => {
    const { data, errors } = await listener.ask(
      `query ($repo: ID!) { listFiles(repo: $repo) { items { path } } showDiff(repo: $repo, from: "nope", to: "main") { id } }`,
      { repo },
    );
    expect(data).toEqual({ listFiles: { items: [{ path: "README.md" }, { path: "docs" }] }, showDiff: null });
    expect(errors).toMatchObject([
      {
        path: ["showDiff"],
        extensions: {
          code: "not_found",
          reason: "revision_not_found",
          details: { revision: "nope", field: "from" },
          request_id: expect.stringContaining("test-") as string,
        },
      },
    ]);
  });

  test("need a session where they work in one", async () => {
    const { errors } = await listener.ask(
      `mutation ($repo: ID!) { stage(repo: $repo, path: "x") }`,
      { repo },
      {
        "holdfast-session": "0123456789abcdef01234567",
      },
    );
    expect(errors?.[0]?.extensions.reason).toBe("session_not_found");
  });
});
