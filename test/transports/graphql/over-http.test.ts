// GraphQL over HTTP: the audit of the graphql-http package, and what the audit does not ask.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { serverAudits } from "graphql-http";
import { EXAMPLE_TOKEN, ExampleWorld } from "../../support/example-world.ts";
import { type GraphqlAnswer, type GraphqlListener, listenGraphql } from "./graphql-listener.ts";

let world: ExampleWorld;
let listener: GraphqlListener;

beforeAll(async () => {
  world = await ExampleWorld.open("libgit2");
  listener = listenGraphql(world.test.engine, world.test.authenticator);
});
afterAll(async () => {
  expect(listener.bugs).toEqual([]);
  await listener.close();
  await world.close();
});

const AUTHORIZATION = { authorization: `Bearer ${EXAMPLE_TOKEN}` };

describe("the audit of graphql-http", () => {
  const authorised = ((url: string, init?: RequestInit) =>
    fetch(url, { ...init, headers: { ...(init?.headers as object | undefined), ...AUTHORIZATION } })) as typeof fetch;
  const audits = serverAudits({ url: () => listener.address, fetchFn: authorised });

  test("has all its questions", () => expect(audits.length).toBeGreaterThanOrEqual(61));

  for (const audit of audits)
    test(`${audit.id}: ${audit.name}`, async () => {
      const result = await audit.fn();
      expect([result.status, "reason" in result ? result.reason : ""]).toEqual(["ok", ""]);
    });
});

const ask = async (init: RequestInit, query = ""): Promise<GraphqlAnswer & { text: string }> => {
  const headers = { ...AUTHORIZATION, ...(init.headers as Record<string, string> | undefined) };
  const response = await fetch(listener.address + query, { ...init, headers });
  const text = await response.text();
  const answer = (text.startsWith("{") ? JSON.parse(text) : {}) as Pick<GraphqlAnswer, "data" | "errors">;
  return { ...answer, status: response.status, headers: response.headers, text };
};

const asJson = (body: unknown, headers: Record<string, string> = {}) =>
  ask({ method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });

const MUTATION = `mutation { createUser(name: "mallory") { name } }`;

describe("mutations", () => {
  test("come by POST alone", async () => {
    const { status, errors, headers } = await ask({ method: "GET" }, `?query=${encodeURIComponent(MUTATION)}`);
    expect([status, headers.get("allow")]).toEqual([405, "POST"]);
    expect(errors?.[0]?.extensions.reason).toBe("method_not_allowed");
  });

  // What a page of another origin may send without asking.
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
    test(`come as JSON alone, not as ${type === "" ? "nothing" : type}`, async () => {
      const body = new TextEncoder().encode(JSON.stringify({ query: MUTATION }));
      const { status, errors } = await ask({
        method: "POST",
        headers: type === "" ? {} : { "content-type": type },
        body,
      });
      expect([status, errors?.[0]?.extensions.reason]).toEqual([415, "media_type_unsupported"]);
    });

  test("happen once for all requests with the same key", async () => {
    const key = { "idempotency-key": "one-user" };
    const query = `mutation { createUser(name: "once") { id name } }`;
    const first = await asJson({ query }, key);
    const second = await asJson({ query }, key);
    expect(second.data).toEqual(first.data!);
    expect([first, second].map(({ headers }) => headers.get("idempotent-replayed"))).toEqual([null, "true"]);
    const other = await asJson({ query: `mutation { createUser(name: "other") { id } }` }, key);
    expect(other.errors?.[0]?.extensions.reason).toBe("idempotency_key_reused");
  });

  test("have keys of their own where there are several", async () => {
    const key = { "idempotency-key": "two-users" };
    const query = `mutation { a: createUser(name: "a1") { id } b: createUser(name: "b1") { id } }`;
    const first = await asJson({ query }, key);
    expect(first.errors).toBeUndefined();
    const second = await asJson({ query }, key);
    expect(second.data).toEqual(first.data!);
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    const { data } = await asJson({ query: "{ listUsers { items { name } } }" });
    const names = (data!["listUsers"] as { items: { name: string }[] }).items.map(({ name }) => name);
    expect(names.filter((name) => name.endsWith("1"))).toEqual(["a1", "b1"]);
    expect(names).not.toContain("mallory");
  });
});

describe("requests", () => {
  const SERVER = "{ describeServer { version } }";

  test("without good credentials have the shape of errors, and are told how to come by some", async () => {
    const { status, headers, errors } = await asJson({ query: SERVER }, { authorization: "Bearer none" });
    expect([status, errors?.[0]?.extensions.reason]).toEqual([401, "unauthenticated"]);
    expect(headers.get("www-authenticate")).toContain("Basic");
  });

  test("are not answered in lists", async () => {
    const { status, errors } = await asJson([{ query: SERVER }, { query: SERVER }]);
    expect([status, errors?.[0]?.message]).toEqual([400, expect.stringContaining("one query in a request")]);
  });

  test("of other methods are refused", async () => {
    for (const method of ["PUT", "DELETE", "PATCH"]) expect((await ask({ method })).status).toBe(405);
    const { status, headers } = await ask({ method: "OPTIONS" });
    expect([status, headers.get("allow")]).toEqual([204, "GET, POST, OPTIONS"]);
  });

  test("with fields that mean nothing are refused", async () => {
    const { status, errors } = await asJson({ query: SERVER, querry: "x" });
    expect([status, errors?.[0]?.message]).toEqual([400, expect.stringContaining("querry")]);
  });

  test("may be events that a client takes one after the other", async () => {
    const { status, headers, text } = await asJson({ query: SERVER }, { accept: "text/event-stream" });
    expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(text).toContain('"describeServer"');
  });

  test("with variables of a wrong type are 400 however often they come, and say which", async () => {
    const query = "query Typed($name: ID!) { repository(fullName: $name) { fullName } }";
    const answers = [];
    for (const variables of [{ name: {} }, { name: "no/such" }, { name: {} }, {}]) {
      const { status, errors } = await asJson({ query, variables }, { accept: "application/graphql-response+json" });
      answers.push([status, errors?.[0]?.extensions.reason, errors?.[0]?.message]);
    }
    const wrong = 'Variable "$name" got invalid value {}; ID cannot represent value: {}';
    expect(answers).toEqual([
      [400, "malformed_request", wrong],
      [200, "repository_not_found", "repository not found: no/such"],
      [400, "malformed_request", wrong],
      [400, "malformed_request", 'Variable "$name" of required type "ID!" was not provided.'],
    ]);
  });

  test("with an empty name of an operation have none", async () => {
    expect((await asJson({ query: SERVER, operationName: "" })).errors).toBeUndefined();
    const { data } = await ask({}, `?operationName=&query=${encodeURIComponent(SERVER)}`);
    expect(data).toHaveProperty("describeServer");
  });

  test("nobody understands are 406", async () => {
    expect((await asJson({ query: SERVER }, { accept: "image/png" })).status).toBe(406);
  });
});

describe("persisted queries", () => {
  const query = 'query Kept($repo: ID!) { files(repo: $repo, rev: "main") { path } }';
  const sha256Hash = createHash("sha256").update(query).digest("hex");
  const extensions = { persistedQuery: { version: 1, sha256Hash } };

  test("are sent once, and meant by their hash from then on", async () => {
    const variables = { repo: "a/b" };
    const unknown = await asJson({ extensions, variables });
    expect(unknown.errors?.[0]).toMatchObject({
      message: "PersistedQueryNotFound",
      extensions: { code: "not_found", reason: "persisted_query_not_found", details: { sha256: sha256Hash } },
    });
    const sent = await asJson({ query, extensions, variables });
    expect(sent.errors?.[0]?.extensions.reason).toBe("repository_not_found");
    const kept = await asJson({ extensions, variables });
    expect(kept.errors?.[0]?.extensions.reason).toBe("repository_not_found");
    const got = await ask(
      { method: "GET" },
      `?extensions=${encodeURIComponent(JSON.stringify(extensions))}&variables=${encodeURIComponent(JSON.stringify(variables))}`,
    );
    expect(got.errors?.[0]?.extensions.reason).toBe("repository_not_found");
  });

  test("are refused under a hash that is not theirs, or is none", async () => {
    for (const persistedQuery of [
      { version: 1, sha256Hash: "0".repeat(64) },
      { version: 1, sha256Hash: "x" },
      { version: 2 },
      7,
    ]) {
      const { errors } = await asJson({ query: "{ __typename }", extensions: { persistedQuery } });
      expect(errors?.[0]?.extensions).toMatchObject({
        reason: "malformed_request",
        details: { part: "extensions.persistedQuery" },
      });
    }
  });
});
