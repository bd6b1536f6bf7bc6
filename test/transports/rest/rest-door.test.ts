import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RepositoryRef } from "../../../src/contract/repository-ref.ts";
import { EXAMPLE_TOKEN } from "../../support/example-world.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { openTestEngine, type TestEngine } from "../../support/test-engine.ts";
import { BODY_BYTES_MAX, listenRest, type RestListener } from "./rest-listener.ts";

const REPOSITORY: RepositoryRef = { storage: "default", relativePath: "alice/demo.git" };
const LARGE = Buffer.from("0123456789abcdef".repeat(20_000), "latin1");
const FILES = { "README.md": "# Demo\n", "docs/a.txt": "x\n", "caf\xe9": "latin1\n", large: LARGE };

let engine: TestEngine;
let git: TemporaryRepository;
let rest: RestListener;

beforeAll(async () => {
  engine = await openTestEngine({ adminToken: EXAMPLE_TOKEN });
  await engine.createRepository("alice/demo");
  git = TemporaryRepository.at(engine.pathOf(REPOSITORY));
  await git.commit({ files: FILES });
  rest = listenRest(engine.engine, engine.authenticator);
});
afterAll(async () => {
  expect(rest.bugs).toEqual([]);
  await rest.close();
  await engine.close();
});

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
  readonly anonymous?: boolean;
}

async function ask(path: string, { method = "GET", headers = {}, json, body, anonymous = false }: Asked = {}) {
  const sent = json === undefined ? (body as NonNullable<RequestInit["body"]> | undefined) : JSON.stringify(json);
  const response = await fetch(rest.address + path, {
    method,
    headers: {
      ...(!anonymous && { authorization: `Bearer ${EXAMPLE_TOKEN}` }),
      ...(sent !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(sent !== undefined && { body: sent }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  const value = (isJson && text !== "" ? JSON.parse(text) : undefined) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, bytes, json: value };
}

const REPO = "/v1/repos/alice%2Fdemo";
const blob = (query: string, asked?: Asked) => ask(`${REPO}/blob?${query}`, asked);

/** Status, reason and, where there is one, the field of a refusal. */
async function refusal(path: string, asked?: Asked): Promise<unknown[]> {
  const { status, json } = await ask(path, asked);
  const { field } = json["details"] as { field?: string };
  return [status, json["reason"], ...(field === undefined ? [] : [field])];
}

describe("requests that are none", () => {
  test("say what is wrong, and where", async () => {
    expect(await refusal(`${REPO}%2/files`)).toEqual([400, "malformed_request"]);
    expect(await refusal(`${REPO}/files?path=%zz`)).toEqual([400, "malformed_request"]);
    expect(await refusal(`${REPO}/files?pth=x`)).toEqual([422, "invalid_input", "pth"]);
    expect(await refusal(`${REPO}/files?path=a&path=b`)).toEqual([422, "invalid_input", "path"]);
    expect(await refusal(`${REPO}/files?limit=0`)).toEqual([422, "invalid_input", "limit"]);
    expect(await refusal(`${REPO}/files?limit=x`)).toEqual([422, "invalid_input", "limit"]);
    expect(await refusal(`${REPO}/files?cursor=x`)).toEqual([422, "page_token_not_found"]);
    expect(await refusal(`/v1/repos/..%2Fx/files`)).toEqual([422, "invalid_input", "repo"]);
    expect(await refusal(`${REPO}/files`, { headers: { "if-match": "x" } })).toEqual([412, "precondition_failed"]);
  });

  test("bodies are JSON objects of known fields, and not too long", async () => {
    const put = (asked: Asked) => refusal(`${REPO}/files`, { method: "PUT", ...asked });
    expect(await put({ body: "{" })).toEqual([400, "malformed_request"]);
    expect(await put({ body: new Uint8Array([0x22, 0xff, 0x22]) })).toEqual([400, "malformed_request"]);
    expect(await put({ json: [] })).toEqual([400, "malformed_request"]);
    expect(await put({ body: "a=b", headers: { "content-type": "text/plain" } })).toEqual([
      415,
      "media_type_unsupported",
    ]);
    expect(await put({ body: " ".repeat(BODY_BYTES_MAX + 1) })).toEqual([413, "too_large"]);
    expect(await put({ json: { path: "x", contents: "" } })).toEqual([422, "invalid_input", "contents"]);
    expect(await put({ json: { repo: "x" } })).toEqual([422, "invalid_input", "repo"]);
    expect(await put({ json: { path: "x", content: "*", encoding: "base64" } })).toEqual([
      422,
      "invalid_input",
      "content",
    ]);
    expect(await refusal(`${REPO}/files?path=x`, { method: "DELETE", body: "{}" })).toEqual([400, "malformed_request"]);
  });

  test("what one of several forms of a field lacks is said of the form that is meant", async () => {
    const commit = async (action: unknown) => {
      const { status, json } = await ask(`${REPO}/commits`, {
        method: "POST",
        json: { message: "x", actions: [action] },
      });
      return [status, String(json["error"]).replace("invalid input: actions[0].", "")];
    };
    const create = { action: "create", path: "x", content: "" };
    expect(await commit({ ...create, path: 1 })).toEqual([422, "path: Expected string"]);
    expect(await commit({ action: "create", path: "x" })).toEqual([422, "content: Expected required property"]);
    expect(await commit({ ...create, pth: "x" })).toEqual([422, 'pth: is not known; did you mean "path"?']);
    expect(await commit({ ...create, encoding: "hex" })).toEqual([422, "encoding: is neither utf-8 nor base64"]);
    expect(await commit({ ...create, action: "creat" })).toEqual([
      422,
      'action: is none of "create", "update", "delete", "move", "chmod"',
    ]);
    const { json } = await ask(`${REPO}/merge`, { method: "POST", json: { rev: "main", strategy: "ff" } });
    expect(json["error"]).toBe('invalid input: strategy: is none of "auto", "ff-only", "no-ff", "squash"');
  });

  test("a field that is not known is called as the client has called it, and the nearest one as it shall", async () => {
    const refused = async (path: string, json: unknown) => (await ask(path, { method: "POST", json })).json["error"];
    const unknown = (name: string, near: string) => `invalid input: ${name}: is not known; did you mean "${near}"?`;
    expect(await refused("/v1/repos", { repo: "x/y", defaultBranch: "x" })).toBe(
      unknown("defaultBranch", "default_branch"),
    );
    expect(await refused("/v1/repos", { reop: "x/y" })).toBe(unknown("reop", "repo"));
    const repository = { storage: "default", relative_path: "alice/demo.git" };
    const commit = { message: "x", actions: [], repository };
    expect(String(await refused(`${REPO}/commits`, commit))).toStartWith("invalid input: repository: is not known");
    expect((await ask(`${REPO}/files?pathh=x`)).json["error"]).toBe(unknown("pathh", "path"));
  });

  test("a field is called as the request calls it, whoever looks at it", async () => {
    expect(await refusal("/v1/users", { method: "POST", json: { name: "a/b" } })).toEqual([
      422,
      "invalid_input",
      "name",
    ]);
    expect((await ask("/v1/users", { method: "POST", json: { name: "renamed" } })).status).toBe(201);
    const rename = { method: "POST", json: { new_name: "a/b" } };
    expect(await refusal("/v1/users/renamed/rename", rename)).toEqual([422, "invalid_input", "new_name"]);
    expect((await ask("/v1/users/renamed", { method: "DELETE" })).status).toBe(204);
  });

  test("errors are one sentence with its facts", async () => {
    const { json } = await ask("/v1/repos/alice%2Fnone");
    expect(json).toMatchObject({ error: "repository not found: alice/none", code: "not_found" });
    expect((await blob("path=docs/gr%C3%B6%C3%9Fer")).json).toMatchObject({
      error: "path not found: docs/größer",
      details: { path: "docs/größer" },
    });
    expect((await blob("path=%FF")).json).toMatchObject({ details: { path: { base64: "/w==" } } });
  });
});

describe("methods", () => {
  test("unknown addresses are 404, other methods 405 with those that there are", async () => {
    expect(await refusal("/v1/none")).toEqual([404, "address_unknown"]);
    expect(await refusal("/v1")).toEqual([404, "address_unknown"]);
    const { status, headers } = await ask(`${REPO}/blob`, { method: "POST" });
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    const options = await ask(`${REPO}/files`, { method: "OPTIONS" });
    expect(options.status).toBe(204);
    expect(options.headers.get("allow")!.split(", ").sort()).toEqual(["DELETE", "GET", "HEAD", "OPTIONS", "PUT"]);
  });

  test("HEAD is GET without its body; a slash at the end is none", async () => {
    const [get, head] = [await blob("path=README.md"), await blob("path=README.md", { method: "HEAD" })];
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    expect(head.headers.get("etag")).toBe(get.headers.get("etag"));
    expect((await ask(`${REPO}/`)).status).toBe(200);
  });

  test("dots that the address loses do not make DELETE mean more", async () => {
    for (const part of ["collaborators/%2E%2E", "refs/..", "hooks/x/../.."])
      expect(await refusal(`${REPO}/${part}`, { method: "DELETE" })).toEqual([404, "address_unknown"]);
    expect((await ask(REPO)).status).toBe(200);
  });

  test("half of a surrogate pair is no text", async () => {
    const put = (content: string) =>
      ask(`${REPO}/files`, {
        method: "PUT",
        body: `{"path":"half","message":"m","branch":"half","content":"${content}"}`,
      });
    expect((await put("\\ud83d\\ude00")).status).toBe(404);
    expect([(await put("\\ud83d")).status, (await put("\\ude00\\ud83d")).status]).toEqual([400, 400]);
  });

  test("an owner is one part of a name", async () => {
    for (const owner of ["", "a/b", "/etc"])
      expect(await refusal("/api/repos", { method: "POST", json: { owner, name: "x" } })).toEqual([
        422,
        "invalid_input",
        "owner",
      ]);
  });
});

describe("conditions and ranges", () => {
  test("what the client has is not sent again", async () => {
    const oid = await git.text(["rev-parse", "main:README.md"]);
    const whole = await blob("path=README.md");
    expect([whole.headers.get("etag"), whole.bytes.toString()]).toEqual([`"${oid}"`, "# Demo\n"]);
    for (const [tag, status] of [
      [`"${oid}"`, 304],
      [`W/"${oid}"`, 304],
      [`"none", "${oid}"`, 304],
      ["*", 304],
      [`"${oid}.json"`, 200],
      ['"none"', 200],
    ] as const)
      expect([tag, (await blob("path=README.md", { headers: { "if-none-match": tag } })).status]).toEqual([
        tag,
        status,
      ]);
    const json = { accept: "application/json", "if-none-match": `"${oid}.json"` };
    expect((await blob("path=README.md", { headers: json })).status).toBe(304);
    const list = await ask(`${REPO}/files`);
    const again = await ask(`${REPO}/files`, { headers: { "if-none-match": list.headers.get("etag")! } });
    expect([again.status, again.bytes.length]).toEqual([304, 0]);
    expect((await blob("path=none", { headers: { "if-none-match": "*" } })).status).toBe(404);
  });

  test("only what is named by ids may be kept for ever", async () => {
    const oid = await git.text(["rev-parse", "main"]);
    expect((await blob(`rev=${oid}&path=README.md`)).headers.get("cache-control")).toContain("immutable");
    expect((await blob("rev=main&path=README.md")).headers.get("cache-control")).toBe("private, no-cache");
  });

  for (const path of ["README.md", "large"])
    test(`ranges of ${path === "large" ? "a file that streams" : "a small file"}`, async () => {
      const bytes = path === "large" ? LARGE : Buffer.from("# Demo\n");
      const { length } = bytes;
      const whole = await blob(`path=${path}`);
      expect([whole.bytes.equals(bytes), whole.headers.get("accept-ranges")]).toEqual([true, "bytes"]);
      const head = await blob(`path=${path}`, { method: "HEAD" });
      expect(head.headers.get("content-length")).toBe(String(length));
      for (const [range, first, end] of [
        ["bytes=1-3", 1, 4],
        ["bytes=3-", 3, length],
        ["bytes=-2", length - 2, length],
        [`bytes=0-${length + 5}`, 0, length],
      ] as const) {
        const part = await blob(`path=${path}`, { headers: { range } });
        expect([range, part.status, part.bytes.equals(bytes.subarray(first, end))]).toEqual([range, 206, true]);
        expect(part.headers.get("content-range")).toBe(`bytes ${first}-${end - 1}/${length}`);
      }
      const beyond = await blob(`path=${path}`, { headers: { range: `bytes=${length}-` } });
      expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${length}`]);
      for (const range of ["bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=4-2"])
        expect((await blob(`path=${path}`, { headers: { range } })).status).toBe(200);
      const etag = whole.headers.get("etag")!;
      for (const [ifRange, status] of [
        [etag, 206],
        [`W/${etag}`, 200],
        ['"other"', 200],
        ["Mon, 23 Nov 2026 00:00:00 GMT", 200],
      ] as const)
        expect((await blob(`path=${path}`, { headers: { range: "bytes=0-1", "if-range": ifRange } })).status).toBe(
          status,
        );
    });

  test("a write under a condition that no longer holds is 412, with an expected value 409", async () => {
    const json = { path: "cond", content: "1", message: "x" };
    const made = await ask(`${REPO}/files`, { method: "PUT", json });
    const { oid } = made.json as { oid: string };
    const put = (headers: Record<string, string>, more = {}) =>
      ask(`${REPO}/files`, { method: "PUT", headers, json: { ...json, content: "2", ...more } });
    expect((await put({ "if-match": `"${"1".repeat(40)}"` })).status).toBe(412);
    expect((await put({}, { expected_oid: "1".repeat(40) })).status).toBe(409);
    expect((await put({ "if-match": `W/"${oid}"` })).status).toBe(400);
    expect((await put({ "if-match": `"a", "b"` })).status).toBe(400);
    expect((await put({ "if-match": `"${oid}"` }, { expected_oid: "1".repeat(40) })).status).toBe(400);
    expect((await put({ "if-none-match": "*" })).status).toBe(400);
    expect((await blob("path=cond")).bytes.toString()).toBe("1");
    expect((await put({ "if-match": `"${oid}"` })).status).toBe(200);
  });
});

describe("idempotency keys", () => {
  const put = (key: string, content: string) =>
    ask(`${REPO}/files`, {
      method: "PUT",
      headers: { "idempotency-key": key },
      json: { path: "once", content, message: "x" },
    });

  test("a repeated write happens once", async () => {
    const first = await put("one", "1");
    const second = await put("one", "1");
    expect([first.status, first.headers.get("idempotent-replayed")]).toEqual([200, null]);
    expect([second.status, second.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
    expect(second.bytes.equals(first.bytes)).toBe(true);
    expect(await git.text(["rev-parse", "main"])).toBe(first.json["commit"] as string);
    const other = await put("one", "2");
    expect([other.status, other.json["reason"]]).toEqual([422, "idempotency_key_reused"]);
    expect((await put("x".repeat(256), "1")).status).toBe(400);
  });

  test("two at once are one, errors too", async () => {
    const answers = await Promise.all([put("two", "2"), put("two", "2"), put("two", "2")]);
    expect(new Set(answers.map(({ bytes }) => bytes.toString())).size).toBe(1);
    const create = { headers: { "idempotency-key": "branch" }, method: "POST" };
    const json = { name: "refs/heads/main", rev: "main" };
    for (const replayed of [null, "true"]) {
      const { status, headers } = await ask(`${REPO}/refs`, { ...create, json });
      expect([status, headers.get("idempotent-replayed")]).toEqual([409, replayed]);
    }
  });
});

describe("what is held by somebody else", () => {
  test("is a conflict that says when to come back, and reads go on", async () => {
    const lock = join(git.path, "refs/heads/main.lock");
    writeFileSync(lock, "");
    const json = { path: "held", content: "x", message: "m" };
    const { status, headers, json: said } = await ask(`${REPO}/files`, { method: "PUT", json });
    expect([status, said["reason"], headers.get("retry-after")]).toEqual([409, "references_locked", "1"]);
    expect((await blob("path=README.md")).status).toBe(200);
    rmSync(lock);
    expect((await ask(`${REPO}/files`, { method: "PUT", json })).status).toBe(200);
  });
});

describe("large bodies", () => {
  test("say their content as text or base64, byte for byte", async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 31 + (at >> 8)) & 255));
    const text = 'naïve "quotes"\\ and lines\r\n'.repeat(10_000);
    const put = (json: object) => ask(`${REPO}/files`, { method: "PUT", json: { message: "m", ...json } });
    const base64 = bytes.toString("base64");
    expect((await put({ path: "bytes", content: base64, encoding: "base64" })).status).toBe(200);
    expect((await blob("path=bytes")).bytes.equals(bytes)).toBe(true);
    expect((await put({ path: "bytes", content: { base64: base64.slice(0, 200_000) } })).status).toBe(200);
    expect((await blob("path=bytes")).bytes.equals(bytes.subarray(0, 150_000))).toBe(true);
    expect((await put({ path: "text", content: text })).status).toBe(200);
    expect((await blob("path=text")).bytes.toString()).toBe(text);
    expect((await put({ path: "text", content: text, encoding: "base64" })).json["reason"]).toBe("invalid_input");
    // Where no bytes are meant, a long text is as any other.
    const long = "x".repeat(100_000);
    expect((await put({ path: "text", content: "", message: long })).status).toBe(200);
    expect((await git.text(["log", "-1", "--format=%B"])).trim()).toBe(long);
    expect((await put({ path: "text", content: "", expected_oid: long })).json["reason"]).toBe("invalid_object_id");
  });

  test("in which a name stands twice are refused: readers differ about which one counts", async () => {
    const body = '{"path": "twice", "content": "1", "message": "m", "content": "2"}';
    expect(await refusal(`${REPO}/files`, { method: "PUT", body })).toEqual([400, "malformed_request"]);
  });
});

describe("what a caller sent too much of", () => {
  const long = "x".repeat(1_000_000);
  const bytesOf = async (path: string, asked?: Asked) => {
    const { status, bytes } = await ask(path, asked);
    return [status, bytes.length < 20_000];
  };

  test("does not come back whole", async () => {
    const put = (json: unknown) => bytesOf(`${REPO}/files`, { method: "PUT", json });
    expect(await put({ path: `../${long}`, content: "", message: "m" })).toEqual([422, true]);
    expect(await put({ path: "a", content: "", message: "m", branch: `${long}..` })).toEqual([422, true]);
    expect(await put({ path: "a", content: "", message: "m", [long]: 1 })).toEqual([422, true]);
    expect(await put({ path: "a", content: "", message: "m", expected_oid: long })).toEqual([422, true]);
    expect(await put({ path: "a", content: "", message: "m", author: { name: "é".repeat(500_000) } })).toEqual([
      422,
      true,
    ]);
    expect(await bytesOf("/v1/repos", { method: "POST", json: { repo: long } })).toEqual([422, true]);
    expect(await bytesOf(`/v1/repos/${long.slice(0, 15_000)}`)).toEqual([422, true]);
  });

  test("is cut between characters", async () => {
    const { json } = await ask(`${REPO}/files`, {
      method: "PUT",
      json: { path: `../${"é".repeat(5000)}`, content: "", message: "m" },
    });
    const { path } = json["details"] as { path: string };
    expect(path).toBe(`../${"é".repeat(2046)}…`);
  });
});

describe("repositories by owner and name", () => {
  test("are made, listed and shown", async () => {
    const json = { owner: "bob", name: "tool", private: true, description: "A tool" };
    const made = await ask("/api/repos", { method: "POST", json });
    expect([made.status, made.headers.get("location")]).toEqual([201, "/api/repos/bob/tool"]);
    const shown = { ...json, full_name: "bob/tool", default_branch: "main" };
    expect(made.json).toMatchObject(shown);
    expect((await ask("/api/repos/bob/tool")).json).toMatchObject(shown);
    const list = (await ask("/api/repos")).json as unknown as { full_name: string }[];
    expect(list.map(({ full_name }) => full_name)).toEqual(["alice/demo", "bob/tool"]);
    expect(((await ask("/api/repos", { anonymous: true })).json as unknown as unknown[]).length).toBe(1);
  });

  test("are made once for a key, also when they have gone since", async () => {
    const headers = { "idempotency-key": "made-and-gone" };
    const make = () => ask("/api/repos", { method: "POST", headers, json: { owner: "bob", name: "brief" } });
    expect((await make()).status).toBe(201);
    expect((await ask("/v1/repos/bob%2Fbrief", { method: "DELETE" })).status).toBe(204);
    const again = await make();
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([201, "true"]);
    expect(again.json).toMatchObject({ owner: "bob", name: "brief", full_name: "bob/brief", private: false });
    expect(await refusal("/api/repos/bob/brief")).toEqual([404, "repository_not_found"]);
  });

  test("refuse in the shape of the contract", async () => {
    const post = (json: unknown) => refusal("/api/repos", { method: "POST", json });
    expect(await post({ owner: "alice", name: "demo" })).toEqual([409, "repository_exists"]);
    expect(await post({ owner: "alice" })).toEqual([422, "invalid_input", "name"]);
    expect(await post({ owner: "alice", name: "a b" })).toEqual([422, "invalid_input", "name"]);
    expect(await post({ owner: "alice", nam: "x" })).toEqual([422, "invalid_input", "nam"]);
    expect(await post({ owner: "alice", name: "x".repeat(300) })).toEqual([422, "invalid_input", "name"]);
    for (const name of ["../outside", "../bob/outside", "./x", "x/../y", "/x"])
      expect(await post({ owner: "alice", name })).toEqual([422, "invalid_input", "name"]);
    expect(await post({ owner: "..", name: "x" })).toEqual([422, "invalid_input", "name"]);
    expect(await refusal("/v1/repos/outside")).toEqual([404, "repository_not_found"]);
    expect(await refusal("/api/repos/alice/none")).toEqual([404, "repository_not_found"]);
    expect(await refusal("/api/repos/bob/tool", { anonymous: true })).toEqual([404, "repository_not_found"]);
    expect(await refusal("/api/repos/alice/demo", { method: "DELETE" })).toEqual([405, "method_not_allowed"]);
    expect((await ask("/api/repos/alice/none")).json["error"]).toBe("repository not found: alice/none");
  });
});

describe("the description and its page", () => {
  test("are served without credentials, and need nothing from elsewhere", async () => {
    const described = await ask("/openapi.json", { anonymous: true });
    expect(described.json["openapi"]).toBe("3.1.1");
    const known = { "if-none-match": described.headers.get("etag")! };
    expect((await ask("/openapi.json", { headers: known })).status).toBe(304);
    const page = await ask("/docs", { anonymous: true });
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    const links = [...page.bytes.toString().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) expect([link, (await ask(link, { anonymous: true })).status]).toEqual([link, 200]);
    expect((await ask("/docs", { method: "POST" })).status).toBe(405);
  });
});
