// Queries that ask for too much, and what else a hostile client sends.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from "graphql";
import { QUERY_LIMITS } from "../../../src/transports/api/graphql/query-limits.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { EXAMPLE_TOKEN, ExampleWorld } from "../../support/example-world.ts";
import { type GraphqlListener, listenGraphql } from "./graphql-listener.ts";

const REPO = "limits/project";

let world: ExampleWorld;
let listener: GraphqlListener;

beforeAll(async () => {
  world = await ExampleWorld.open("libgit2");
  await world.test.createRepository(REPO);
  listener = listenGraphql(world.test.engine, world.test.authenticator);
});
afterEach(() => expect(listener.bugs).toEqual([]));
afterAll(async () => {
  await listener.close();
  await world.close();
});

const times = (count: number, of: (n: number) => string) => Array.from({ length: count }, (_, n) => of(n)).join(" ");
const SERVER = "describeServer { version }";

describe("queries over a limit", () => {
  const nested = (levels: number): string => (levels === 0 ? "oid" : `oid parents { ${nested(levels - 1)} }`);
  const fragments = (levels: number) =>
    times(levels, (n) => `fragment F${n} on Commit { ...F${n + 1} ...F${n + 1} }`) +
    `fragment F${levels} on Commit { oid }`;
  const OVER: Readonly<Record<string, readonly [query: string, measure: string, variables?: object]>> = {
    characters: [`{ ${SERVER} } #${"x".repeat(QUERY_LIMITS.characters)}`, "characters"],
    tokens: [`{ ${times(QUERY_LIMITS.tokens, () => "__typename")} }`, "tokens"],
    "fields at the top": [`{ ${times(QUERY_LIMITS.rootFields + 1, () => SERVER)} }`, "fields at the top"],
    "fields at the top, in a fragment": [
      `{ ...F } fragment F on Query { ${times(QUERY_LIMITS.rootFields + 1, () => SERVER)} }`,
      "fields at the top",
    ],
    aliases: [`{ describeServer { ${times(QUERY_LIMITS.aliases + 1, (n) => `v${n}: version`)} } }`, "aliases"],
    "__typename in floods": [`{ describeServer { ${times(QUERY_LIMITS.fields + 1, () => "__typename")} } }`, "fields"],
    depth: [`{ repository(fullName: "${REPO}") { commit { ${nested(QUERY_LIMITS.depth)} } } }`, "levels of fields"],
    "fragments within fragments": [
      `{ repository(fullName: "${REPO}") { commit { ...F0 } } } ${fragments(30)}`,
      "fields",
    ],
    "questions about the schema": [
      `{ ${times(QUERY_LIMITS.introspections + 1, (n) => `t${n}: __type(name: "Query") { name }`)} }`,
      "questions about the schema",
    ],
    "fields of the same name": [
      `{ repository(fullName: "${REPO}") { commit { ${times(490, () => "parents { oid }")} } } }`,
      "comparisons of fields of the same name",
    ],
    cost: [
      `query ($n: Int) { repository(fullName: "${REPO}") { branches(first: $n) { nodes { commit { tree { entries(first: $n) { nodes { lastCommit { oid } } } } } } } } }`,
      "units of cost",
      { n: 1000 },
    ],
  };
  for (const [name, [query, measure, variables]] of Object.entries(OVER))
    test(`are refused: ${name}`, async () => {
      const startMs = performance.now();
      const { data, errors } = await listener.ask(query, variables);
      expect(data).toBeUndefined();
      expect(errors?.[0]?.extensions).toMatchObject({
        code: "invalid_argument",
        reason: "query_over_limit",
        details: { measure, maximum: expect.any(Number) as number },
      });
      expect(performance.now() - startMs).toBeLessThan(5000);
    });

  test("are answered below it", async () => {
    const { errors } = await listener.ask(
      `query ($n: Int) { ${times(QUERY_LIMITS.rootFields - 1, (n) => `s${n}: ${SERVER}`)} repository(fullName: "${REPO}") { branches(first: $n) { nodes { name } } } }`,
      { n: 10 },
    );
    expect(errors).toBeUndefined();
  });
});

describe("answers over a limit", () => {
  let git: TemporaryRepository;
  const idOf = async (branch: string) => btoa(`Commit:${REPO}//${await git.text(["rev-parse", branch])}`);

  beforeAll(async () => {
    git = TemporaryRepository.at(world.test.pathOf({ storage: "default", relativePath: `${REPO}.git` }));
    await git.commit({ files: { x: "x" }, message: "m".repeat(1024 * 1024) });
    await git.commit({ branch: "thin", files: { x: "x" } });
  });

  test("are refused before they are written: one long text told many times", async () => {
    const ids = Array.from<string>({ length: 65 }).fill(await idOf("main"));
    const query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Commit { message } } }";
    const { status, data, errors } = await listener.ask(query, { ids });
    expect([status, data]).toEqual([200, undefined]);
    expect(errors?.[0]?.extensions).toMatchObject({ reason: "too_large", details: { what: "answer" } });
    const { data: fewer } = await listener.ask(query, { ids: ids.slice(0, 3) });
    expect((fewer!["nodes"] as { message: string }[]).map(({ message }) => message.length)).toEqual(
      Array.from({ length: 3 }, () => 1024 * 1024),
    );
  });

  test("are refused before all is read: long texts that only edges lead to", async () => {
    const files = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`f${n}`, "x"]));
    const message = "s\n".padEnd(1024 * 1024, "m");
    const oids: string[] = [];
    for (let n = 0; n < 70; n++) oids.push(await git.commit({ branch: "long", files, message: `${n}${message}` }));
    // One commit that a hundred files have in common is read once.
    const one = await listener.ask(
      `query ($repo: ID!, $rev: Bytes) { listFiles(repo: $repo, rev: $rev, limit: 100) { items { lastCommit { oid } } } }`,
      { repo: REPO, rev: "long" },
    );
    expect(one.errors).toBeUndefined();
    expect(one.data).toEqual({ listFiles: { items: Array(100).fill({ lastCommit: { oid: oids[0] } }) } });
    const { data, errors } = await listener.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {
      ids: oids.map((oid) => btoa(`Commit:${REPO}//${oid}`)),
    });
    expect(data).toEqual({ nodes: oids.map(() => null) });
    expect(errors?.[0]?.extensions).toMatchObject({ reason: "too_large", details: { what: "answer" } });
  });

  test("have no more than a thousand histories of paths, wherever the list was from that they are in", async () => {
    const ids = Array.from<string>({ length: 17 }).fill(await idOf("thin"));
    const histories = times(60, (n) => `h${n}: history(first: 1, path: "x") { nodes { oid } }`);
    const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Commit { ${histories} } } }`;
    const { data, errors } = await listener.ask(query, { ids });
    const told = (data!["nodes"] as Record<string, unknown>[]).flatMap((node) => Object.values(node));
    expect(told.filter((each) => each !== null).length).toBe(1000);
    expect(errors?.length).toBe(20);
    expect(errors?.[0]?.extensions).toMatchObject({
      reason: "query_over_limit",
      details: { measure: "histories of paths", maximum: 1000 },
    });
  });
});

describe("hostile requests", () => {
  const refused = async (query: string, variables?: object) => (await listener.ask(query, variables)).errors?.[0];

  test("with fragments in a circle are refused", async () => {
    const problem = await refused("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }");
    expect(problem?.extensions.reason).toBe("malformed_request");
    expect(problem?.message).toContain("Cannot spread fragment");
  });

  test("with deep brackets are refused", async () => {
    expect((await refused(`{ ${"a{".repeat(4000)}`))?.extensions.reason).toMatch(/malformed_request|query_over_limit/);
    expect((await refused(`{ showBackend(x: ${"[".repeat(4000)}`))?.extensions.reason).toMatch(
      /malformed_request|query_over_limit/,
    );
  });

  test("with variables of a wrong type are refused, and nothing is run", async () => {
    const query = `query ($repo: ID!, $limit: Int) { listFiles(repo: $repo, limit: $limit) { items { path } } }`;
    for (const variables of [{}, { repo: {} }, { repo: REPO, limit: "x" }, { repo: REPO, limit: 2 ** 40 }]) {
      const problem = await refused(query, variables);
      expect([variables, problem?.extensions.reason]).toEqual([variables, "malformed_request"]);
    }
    const negative = await refused(query, { repo: REPO, limit: -1 });
    expect(negative?.extensions).toMatchObject({ reason: "invalid_input", details: { field: "limit" } });
  });

  test("with bytes that are none are refused, and told where", async () => {
    const query = (rev: string) =>
      `query ($rev: Bytes) { repository(fullName: "${REPO}") { commit(rev: ${rev}) { oid } } }`;
    for (const rev of [
      5,
      true,
      {},
      { base64: "!!" },
      { base64: "YQ" },
      { base64: 5 },
      { base64: "YQ==", x: 1 },
      ["x"],
    ]) {
      const problem = await refused(query("$rev"), { rev });
      expect([rev, problem?.extensions.reason]).toEqual([rev, "malformed_request"]);
      expect(problem?.message).toContain('"$rev" got invalid value');
    }
    for (const rev of ["5", "{}", '{base64: "!!"}', '{base64: "YQ==", x: 1}']) {
      const problem = await refused(query(rev));
      expect([rev, problem?.extensions.reason]).toEqual([rev, "malformed_request"]);
      expect(problem).toMatchObject({ locations: [{ line: 1 }] });
    }
  });

  test("with a large variable of a wrong type do not get it back", async () => {
    const query = "query ($repo: ID!) { repository(fullName: $repo) { fullName } }";
    const problem = await refused(query, { repo: { is: "x".repeat(5_000_000) } });
    expect(problem?.message).toStartWith('Variable "$repo" got invalid value { is: "xxx');
    expect(JSON.stringify(problem).length).toBeLessThan(5000);
  });

  test("with names that are too long say which", async () => {
    const problem = await refused(`{ repository(fullName: "${"x".repeat(5000)}") { fullName } }`);
    expect(problem?.extensions).toMatchObject({ reason: "invalid_input", details: { field: "repo" } });
  });

  test("of 50 MB are refused before they are read", async () => {
    const body = JSON.stringify({ query: `{ ${SERVER} }`, variables: { x: "x".repeat(50_000_000) } });
    const response = await fetch(listener.address, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${EXAMPLE_TOKEN}` },
      body,
    });
    const { errors } = (await response.json()) as { errors: { extensions: object }[] };
    expect(response.status).toBe(413);
    expect(errors[0]!.extensions).toMatchObject({ reason: "too_large", details: { what: "body" } });
  });

  test("with NUL and halves of characters are refused or answered, and break nothing", async () => {
    const query = `query ($repo: ID!, $path: Bytes!) { getFile(repo: $repo, rev: "HEAD", path: $path) { size } }`;
    for (const [repo, path] of [
      ["a\0b", "x"],
      ["../../etc", "x"],
      ["", ""],
      [REPO, "a\0b"],
      [REPO, ".."],
    ] as const) {
      const problem = await refused(query, { repo, path });
      expect([repo, path, problem?.extensions.code]).toEqual([
        repo,
        path,
        expect.stringMatching(/invalid_argument|not_found/) as string,
      ]);
    }
    expect((await refused(query, { repo: REPO, path: "\ud800" }))?.extensions.reason).toBe("malformed_request");
    expect((await refused(`{ ${SERVER} }\0`))?.extensions.reason).toBe("malformed_request");
  });

  test("with names of objects' own properties are refused", async () => {
    for (const field of ["__proto__", "constructor", "toString"])
      expect((await refused(`{ ${field} }`))?.extensions.reason).toBe("malformed_request");
    const { errors } = await listener.ask(`query ($a: JSON) { ${SERVER} }`, JSON.parse('{"__proto__": 1}') as object);
    expect(errors?.[0]?.extensions.reason).toBe("malformed_request");
  });
});

describe("introspection", () => {
  test("gives the whole schema", async () => {
    const { data, errors } = await listener.ask(getIntrospectionQuery());
    expect(errors).toBeUndefined();
    const schema = buildClientSchema(data as unknown as IntrospectionQuery);
    expect(Object.keys(schema.getQueryType()!.getFields())).toContain("repository");
  });

  test("does not go in circles", async () => {
    const circle = (levels: number): string => (levels === 0 ? "name" : `fields { type { ${circle(levels - 1)} } }`);
    const { errors } = await listener.ask(`{ __schema { types { ${circle(5)} } } }`);
    expect(errors?.[0]?.extensions.reason).toBe("malformed_request");
  });
});
