// The graph of what a repository holds: connections, nodes, and look-ups that are made together.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Engine } from "../../../src/engine/engine.ts";
import type { Operation } from "../../../src/contract/operation.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { ExampleWorld } from "../../support/example-world.ts";
import { FIRST_MAX } from "../../../src/transports/api/graphql/graph/forward-page.ts";
import { type GraphqlListener, listenGraphql } from "./graphql-listener.ts";

const REPO = "graph/project";
const FILES = 100;

/** A commit of nothing, for `git fast-import`. */
const commitOfStream = (ref: string, message: string): string =>
  `commit ${ref}\ncommitter A <a@b> 1700000000 +0000\ndata ${message.length}\n${message}\n`;

interface Item {
  readonly path: string;
  readonly size: number;
  readonly lastCommit: { readonly subject: string };
}

interface Branches {
  readonly repository: {
    readonly branches: {
      readonly edges: readonly { readonly cursor: string; readonly node: { readonly name: string } }[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
    };
  };
}

interface Listed {
  readonly repository: {
    readonly branches: { readonly nodes: readonly { readonly name: string }[] };
    readonly commit: {
      readonly history: {
        readonly nodes: unknown;
        readonly pageInfo: { readonly endCursor: string; readonly hasNextPage?: boolean };
      };
    };
  };
}

interface Ids {
  readonly repository: {
    readonly id: string;
    readonly defaultBranch: {
      readonly id: string;
      readonly commit: { readonly id: string; readonly file: { readonly id: string } };
    };
  };
}

describe("the graph", () => {
  let world: ExampleWorld;
  let listener: GraphqlListener;
  let git: TemporaryRepository;
  let ran: string[];

  beforeAll(async () => {
    world = await ExampleWorld.open("libgit2");
    const repository = await world.test.createRepository(REPO);
    git = TemporaryRepository.at(world.test.pathOf(repository));
    const files: Record<string, string> = { "README.md": "# Graph\n" };
    await git.commit({ files: { ...files }, message: "first\n", seconds: 1_700_000_000 });
    for (let n = 0; n < FILES; n++) files[`src/f${n}`] = "x".repeat(n);
    await git.commit({ files: { ...files }, message: "many\n", seconds: 1_700_000_100 });
    files["src/f7"] = "changed";
    await git.commit({ files: { ...files }, message: "seven\n", seconds: 1_700_000_200 });
    for (const name of ["a", "b", "c"]) await git.git(["branch", name, "main~1"]);
    listener = listenGraphql(watched(world.test.engine), world.test.authenticator);
  });
  afterEach(() => {
    expect(listener.bugs).toEqual([]);
    ran = [];
  });
  afterAll(async () => {
    await listener.close();
    await world.close();
  });

  /** Takes note of what is run. */
  function watched(engine: Engine): Engine {
    ran = [];
    return new Proxy(engine, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "run") return typeof value === "function" ? (value.bind(target) as unknown) : value;
        return (operation: Operation, ...rest: [never, never]) => {
          ran.push(operation.name);
          return target.run(operation, ...rest);
        };
      },
    });
  }

  const ask = async <T>(query: string, variables: object = { repo: REPO }): Promise<T> => {
    const { data, errors } = await listener.ask(query, variables);
    expect(errors).toBeUndefined();
    return data as T;
  };

  test("leads from a repository to its branches, commits, folders and files", async () => {
    const { repository } = await ask<{ repository: unknown }>(`query ($repo: ID!) {
      repository(fullName: $repo) {
        fullName private details { branches head objectFormat }
        defaultBranch { name fullName commit { subject details { files { path } additions signature { state } } } }
        branches(first: 2) { nodes { name commit { subject } } pageInfo { hasNextPage } }
        commit(rev: "main~1") {
          subject
          parents { subject parents { oid } }
          tree { path entries { nodes { name type size } } }
          file(path: "src/f7") { size blob { content encoding size } lastCommit { subject } }
          history(path: "README.md") { nodes { subject } }
        }
      }
    }`);
    expect(repository).toEqual({
      fullName: REPO,
      private: false,
      details: { branches: 4, head: "refs/heads/main", objectFormat: "sha1" },
      defaultBranch: {
        name: "main",
        fullName: "refs/heads/main",
        commit: {
          subject: "seven",
          details: { files: [{ path: "src/f7" }], additions: 1, signature: { state: "none" } },
        },
      },
      branches: {
        nodes: [
          { name: "a", commit: { subject: "many" } },
          { name: "b", commit: { subject: "many" } },
        ],
        pageInfo: { hasNextPage: true },
      },
      commit: {
        subject: "many",
        parents: [{ subject: "first", parents: [] }],
        tree: {
          path: "",
          entries: {
            nodes: [
              { name: "README.md", type: "blob", size: 8 },
              { name: "src", type: "tree", size: null },
            ],
          },
        },
        file: { size: 7, blob: { content: "xxxxxxx", encoding: "utf-8", size: 7 }, lastCommit: { subject: "many" } },
        history: { nodes: [{ subject: "first" }] },
      },
    });
  });

  test("looks up sizes and last commits of a folder together", async () => {
    const { listFiles } = await ask<{ listFiles: { items: Item[] } }>(`query ($repo: ID!) {
      listFiles(repo: $repo, rev: "main", path: "src", limit: 100) {
        items { path size lastCommit { oid subject author { name } } blob { size } history(first: 0) { nodes { oid } } }
      }
    }`);
    expect(listFiles.items.length).toBe(FILES);
    for (const { path, size, lastCommit } of listFiles.items) {
      expect(size).toBe(path === "src/f7" ? 7 : Number(path.slice("src/f".length)));
      expect(lastCommit.subject).toBe(path === "src/f7" ? "seven" : "many");
    }
    expect(ran.toSorted()).toEqual(["findCommit", "findLastCommits", "getBlobs", "listFiles", "sizeBlobs"]);
  });

  test("gives lists from any place on", async () => {
    const seen: string[] = [];
    const cursors: string[] = [];
    for (let after: string | null = null; ;) {
      const { repository }: Branches = await ask<Branches>(
        `query ($repo: ID!, $after: String) {
          repository(fullName: $repo) { branches(first: 3, after: $after) { edges { cursor node { name } } pageInfo { hasNextPage endCursor } } }
        }`,
        { repo: REPO, after },
      );
      const { edges, pageInfo }: Branches["repository"]["branches"] = repository.branches;
      for (const { cursor, node } of edges) {
        seen.push(node.name);
        cursors.push(cursor);
      }
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    expect(seen).toEqual(["a", "b", "c", "main"]);
    const { repository } = await ask<Listed>(
      `query ($repo: ID!, $after: String) {
        repository(fullName: $repo) {
          branches(after: $after) { nodes { name } }
          commit { history(first: 1) { nodes { subject } pageInfo { endCursor hasNextPage } } }
        }
      }`,
      { repo: REPO, after: cursors[0] },
    );
    expect(repository.branches.nodes.map(({ name }) => name)).toEqual(["b", "c", "main"]);
    const more = await ask<Listed>(
      `query ($repo: ID!, $after: String) { repository(fullName: $repo) { commit { history(after: $after) { nodes { subject } pageInfo { hasNextPage } } } } }`,
      { repo: REPO, after: repository.commit.history.pageInfo.endCursor },
    );
    expect(more.repository.commit.history).toMatchObject({
      nodes: [{ subject: "many" }, { subject: "first" }],
      pageInfo: { hasNextPage: false },
    });
    const backwards = await listener.ask(
      `query ($repo: ID!) { repository(fullName: $repo) { fullName branches(last: 1) { nodes { name } } } }`,
      { repo: REPO },
    );
    expect(backwards.data).toEqual({ repository: { fullName: REPO, branches: null } });
    expect(backwards.errors?.[0]?.extensions).toMatchObject({ reason: "invalid_input", details: { field: "last" } });
  });

  test("gives pages of as many items as they may have", async () => {
    const long = Array.from({ length: FIRST_MAX + 1 }, (_, n) => commitOfStream("refs/heads/long", `n${n}`)).join("");
    await git.git(["fast-import", "--quiet"], { input: long });
    const page = (after?: string) =>
      ask<Listed>(
        `query ($repo: ID!, $first: Int, $after: String) { repository(fullName: $repo) { commit(rev: "long") {
          history(first: $first, after: $after) { nodes { subject } pageInfo { hasNextPage endCursor } }
        } } }`,
        { repo: REPO, first: FIRST_MAX, after },
      );
    const { nodes, pageInfo } = (await page()).repository.commit.history;
    expect([(nodes as unknown[]).length, pageInfo.hasNextPage]).toEqual([FIRST_MAX, true]);
    expect((await page(pageInfo.endCursor)).repository.commit.history).toMatchObject({
      nodes: [{ subject: "n0" }],
      pageInfo: { hasNextPage: false },
    });
    const beforeLast = await ask<Listed>(
      `query ($repo: ID!, $first: Int) { repository(fullName: $repo) { commit(rev: "long~1") { history(first: $first) { nodes { oid } pageInfo { hasNextPage endCursor } } } } }`,
      { repo: REPO, first: FIRST_MAX },
    );
    expect(beforeLast.repository.commit.history.pageInfo.hasNextPage).toBe(false);
  });

  test("goes on from the revision that was asked, also where that is no UTF-8", async () => {
    const name = Buffer.from("br\xff", "latin1");
    const path = Buffer.from("dir/f\xff", "latin1");
    const input = [
      Buffer.from("commit refs/heads/"),
      name,
      Buffer.from("\ncommitter A <a@b> 1700000300 +0000\ndata 5\nbytes\nM 100644 inline "),
      path,
      Buffer.from("\ndata 5\nthere\n"),
    ];
    await git.git(["fast-import", "--quiet"], { input: Buffer.concat(input) });
    const rev = { base64: name.toString("base64") };
    const there = {
      path: { base64: path.toString("base64") },
      name: { base64: path.subarray("dir/".length).toString("base64") },
      size: 5,
      blob: { content: "there" },
      lastCommit: { subject: "bytes" },
      history: { nodes: [{ subject: "bytes" }] },
    };
    const fields = `path name size blob { content } lastCommit { subject } history(first: 5) { nodes { subject } }`;
    const { listFiles } = await ask<{ listFiles: { items: { id: string; tree: { entries: unknown } }[] } }>(
      `query ($repo: ID!, $rev: Bytes) { listFiles(repo: $repo, rev: $rev, limit: 5) { items { id tree { entries(first: 5) { nodes { id ${fields} } } } } } }`,
      { repo: REPO, rev },
    );
    const [folder] = listFiles.items;
    expect(folder?.tree.entries).toMatchObject({ nodes: [there] });
    const { nodes } = folder!.tree.entries as { readonly nodes: readonly { readonly id: string }[] };
    expect(await ask(`query ($id: ID!) { node(id: $id) { ... on File { ${fields} } } }`, { id: nodes[0]!.id })).toEqual(
      {
        node: there,
      },
    );
  });

  test("finds nodes again by their ids", async () => {
    const { repository } = await ask<Ids>(`query ($repo: ID!) {
      repository(fullName: $repo) { id defaultBranch { id commit { id file(path: "src/f7") { id } } } }
    }`);
    const { defaultBranch } = repository;
    const ids = [repository.id, defaultBranch.id, defaultBranch.commit.id, defaultBranch.commit.file.id];
    const { nodes } = await ask<{ nodes: unknown }>(
      `query ($ids: [ID!]!) { nodes(ids: $ids) {
        id __typename
        ... on Repository { fullName } ... on Branch { name } ... on Commit { subject } ... on File { path size }
      } }`,
      { ids },
    );
    expect(nodes).toEqual([
      { id: ids[0], __typename: "Repository", fullName: REPO },
      { id: ids[1], __typename: "Branch", name: "main" },
      { id: ids[2], __typename: "Commit", subject: "seven" },
      { id: ids[3], __typename: "File", path: "src/f7", size: 7 },
    ]);
    const absent = [`Commit:${REPO}//${"0".repeat(40)}`, `Commit:${REPO}//main`, `Commit:${REPO}//--all`].map((id) =>
      btoa(id),
    );
    const tree = btoa(`Commit:${REPO}//${await git.text(["rev-parse", "main^{tree}"])}`);
    expect(
      await ask(`query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Commit { subject } } }`, {
        ids: [...absent, tree, defaultBranch.commit.id],
      }),
    ).toEqual({ nodes: [null, null, null, null, { subject: "seven" }] });
    expect(await ask(`query ($id: ID!) { node(id: $id) { id } }`, { id: btoa(`File:${REPO}//%zz//x`) })).toEqual({
      node: null,
    });
    for (const name of [`${REPO}.git`, `/${REPO}`])
      expect(await ask(`query ($repo: ID!) { repository(fullName: $repo) { id fullName } }`, { repo: name })).toEqual({
        repository: { id: ids[0], fullName: REPO },
      });
    const mixed = await listener.ask(`query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, {
      ids: [repository.id, btoa("Commit:x"), btoa("Repository:../x"), defaultBranch.id],
    });
    expect(mixed.data).toEqual({ nodes: [{ id: repository.id }, null, null, { id: defaultBranch.id }] });
    expect(mixed.errors?.map(({ path, extensions }) => [path, extensions.reason])).toEqual([
      [["nodes", 1], "invalid_input"],
      [["nodes", 2], "invalid_input"],
    ]);
    for (const id of ["nonsense", btoa("Commit:x"), btoa("Nothing:x"), btoa("Repository:../x")]) {
      const { data, errors } = await listener.ask(`query ($id: ID!) { node(id: $id) { id } }`, { id });
      expect([id, data?.["node"], errors?.length]).toEqual([id, null, 1]);
      expect([id, errors?.[0]?.extensions.reason]).not.toEqual([id, "internal"]);
    }
  });

  test("says null for what is not there, and shows nobody what is not his", async () => {
    const { repository } = await ask<{ repository: unknown }>(`query ($repo: ID!) { repository(fullName: $repo) {
      branch(name: "none") { name } commit(rev: "none") { oid } main: commit { file(path: "none") { path } tree(path: "README.md") { path } }
    } }`);
    expect(repository).toEqual({ branch: null, commit: null, main: { file: null, tree: null } });
    await world.call("setVisibility", {
      repository: { storage: "default", relativePath: `${REPO}.git` },
      private: true,
    });
    const { token } = await world.call("createToken", {
      user: (await world.call("createUser", { name: "eve" }))["name"],
      name: "t",
    });
    const commit = await git.text(["rev-parse", "main"]);
    const ids = [`Repository:${REPO}`, `Commit:${REPO}//${commit}`].map((id) => btoa(id));
    const { data, errors } = await listener.ask(
      `query ($repo: ID!, $ids: [ID!]!) { repository(fullName: $repo) { private } nodes(ids: $ids) { id } }`,
      { repo: REPO, ids },
      { authorization: `Bearer ${String(token)}` },
    );
    expect(data).toEqual({ repository: null, nodes: [null, null] });
    expect(errors?.map(({ extensions }) => extensions.reason)).toEqual(["repository_not_found"]);
  });
});
