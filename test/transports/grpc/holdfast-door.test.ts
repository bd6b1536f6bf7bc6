import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { RepositoryField, Type } from "../../../src/contract/fields.ts";
import { defineOperation, type Operation } from "../../../src/contract/operation.ts";
import type { RepositoryRef } from "../../../src/contract/repository-ref.ts";
import { operations } from "../../../src/operations/index.ts";
import { Health } from "../../../src/transports/api/grpc/generated/grpc/health/v1/health_pb.ts";
import * as v1 from "../../../src/transports/api/grpc/generated/grpc/reflection/v1/reflection_pb.ts";
import { EXAMPLE_TOKEN } from "../../support/example-world.ts";
import { committedServices, failureOfCall, HoldfastClient } from "../../support/holdfast-client.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { openTestEngine, type TestEngine } from "../../support/test-engine.ts";
import { collect, TestClient } from "./grpc-client.ts";
import { BLOB_BYTES_MAX, type HoldfastListener, listenHoldfast, SECRET } from "./holdfast-listener.ts";

const REPOSITORY: RepositoryRef = { storage: "default", relativePath: "alice/demo.git" };
const AUTH = { authorization: `Bearer ${EXAMPLE_TOKEN}` };
const MAIN = { repo: "alice/demo", rev: Buffer.from("main") };

/** Waits until its caller goes away or its time is over. */
const started = Promise.withResolvers<void>();
const stopped = Promise.withResolvers<unknown>();
const waitForEver = defineOperation({
  name: "waitForEver",
  summary: "Wait",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object({ repository: RepositoryField }),
  output: Type.Object({}),
  errors: [],
  examples: [],
  route: { method: "GET", path: "/repos/:repo/waits" },
  async run(_input, ctx) {
    started.resolve();
    await new Promise<void>((resolve) => ctx.signal.addEventListener("abort", () => resolve(), { once: true }));
    stopped.resolve(ctx.signal.reason);
    ctx.signal.throwIfAborted();
    return {};
  },
});
const failWithBug = defineOperation({
  ...waitForEver,
  name: "failWithBug",
  route: { method: "GET", path: "/repos/:repo/bugs" },
  run: () => Promise.reject(new Error("a secret of the implementation")),
});

let engine: TestEngine;
let git: TemporaryRepository;
let door: HoldfastListener;
let client: HoldfastClient;

beforeAll(async () => {
  engine = await openTestEngine({ adminToken: EXAMPLE_TOKEN });
  await engine.createRepository("alice/demo");
  git = TemporaryRepository.at(engine.pathOf(REPOSITORY));
  await git.commit({ files: { "README.md": "# Demo\n", "caf\xe9": "latin1\n" } });
  const served = [...operations, waitForEver, failWithBug] as unknown as readonly Operation[];
  door = await listenHoldfast(engine.engine, engine.authenticator, served);
  client = new HoldfastClient(door.port);
});
afterAll(async () => {
  client.close();
  await door.close();
  await engine.close();
});

type Metadata = Readonly<Record<string, string>>;

async function failureOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    return failureOfCall(error as grpc.ServiceError);
  }
  throw new Error("the call has succeeded");
}

const ask = async (name: string, request: object, metadata: Metadata = AUTH) =>
  (await client.call(name, request, metadata)).message;
const refusal = async (name: string, request: object, metadata: Metadata = AUTH) => {
  const { code, error } = await failureOf(client.call(name, request, metadata));
  const { field } = (error?.details ?? {}) as { readonly field?: string };
  return [grpc.status[code], error?.reason, ...(field === undefined ? [] : [field])];
};

describe("credentials", () => {
  const basic = (name: string, token: string) =>
    ({ authorization: `Basic ${Buffer.from(`${name}:${token}`).toString("base64")}` }) as const;
  const signed = (secret: string, atS: number) => {
    const mac = createHmac("sha256", secret).update(String(atS)).digest("hex");
    return { authorization: `Bearer v2.${mac}.${atS}` } as const;
  };

  test("are a user's token, in either form", async () => {
    expect((await ask("WhoAmI", {}))["name"]).toBe("admin");
    expect((await ask("WhoAmI", {}, basic("admin", EXAMPLE_TOKEN)))["name"]).toBe("admin");
  });

  test("are the shared secret, plain or signed: the service, which may do everything", async () => {
    expect((await ask("WhoAmI", {}, { authorization: `Bearer ${SECRET}` }))["kind"]).toBe("service");
    expect((await ask("WhoAmI", {}, signed(SECRET, Math.floor(Date.now() / 1000))))["kind"]).toBe("service");
  });

  test("may be missing, as far as the server lets anybody in", async () => {
    expect((await ask("ListFiles", MAIN, {}))["items"]).toHaveLength(2);
    const write = { repo: "alice/demo", path: Buffer.from("x"), content: Buffer.from("x"), message: Buffer.from("x") };
    expect(await refusal("PutFile", write, {})).toEqual(["PERMISSION_DENIED", "forbidden"]);
  });

  test("are refused where they are wrong, before anything of the message is read", async () => {
    const wrong: Metadata[] = [
      { authorization: "Bearer none" },
      { authorization: "Bearer" },
      { authorization: "Digest x" },
      basic("admin", "none"),
      signed(SECRET, Math.floor(Date.now() / 1000) - 3600),
      signed("another secret", Math.floor(Date.now() / 1000)),
    ];
    for (const metadata of wrong)
      expect(await refusal("ShowRepository", { repo: "alice/demo" }, metadata)).toEqual([
        "UNAUTHENTICATED",
        "unauthenticated",
      ]);
    const path = "/holdfast.v1.RepositoriesService/ShowRepository";
    const garbage = await failureOf(client.raw(path, Buffer.from("garbage"), { authorization: "Bearer none" }));
    expect(grpc.status[garbage.code]).toBe("UNAUTHENTICATED");
    expect(door.refused.at(-1)).toBe(path);
  });

  test("of a user let him see what there is, and are no way into it with a wrong token", async () => {
    const channel = new TestClient(door.port);
    const metadata = (authorization: string) => {
      const made = new grpc.Metadata();
      made.set("authorization", authorization);
      return made;
    };
    const check = (authorization: string) => channel.unary(Health.method.check, {}, {}, metadata(authorization));
    expect((await check(AUTH.authorization)).status).toBe(1);
    expect((await check(`Bearer ${SECRET}`)).status).toBe(1);
    expect(grpc.status[(await failureOf(check("Bearer none"))).code]).toBe("UNAUTHENTICATED");
    expect(grpc.status[(await failureOf(channel.unary(Health.method.check, {}))).code]).toBe("UNAUTHENTICATED");
    channel.close();
  });
});

describe("values", () => {
  test("that are bytes stay bytes", async () => {
    const { items } = (await ask("ListFiles", MAIN)) as { items: { path: Buffer }[] };
    expect(items.map(({ path }) => path.toString("latin1")).toSorted()).toEqual(["README.md", "caf\xe9"]);
    const { content } = await ask("GetFile", { ...MAIN, path: Buffer.from("caf\xe9", "latin1") });
    expect(content).toEqual(Buffer.from("latin1\n"));
  });

  test("come in pages, with a cursor", async () => {
    for (const name of ["a", "b", "c"]) await git.git(["branch", name, "main"]);
    const page = (cursor?: string) => ask("BrowseReferences", { repo: "alice/demo", limit: 2, cursor });
    const first = (await page()) as { items: { name: Buffer }[]; next_cursor: string };
    const second = (await page(first.next_cursor)) as { items: { name: Buffer }[]; next_cursor?: string };
    expect([...first.items, ...second.items].map(({ name }) => String(name))).toEqual(
      ["a", "b", "c", "main"].map((name) => `refs/heads/${name}`),
    );
    expect(second.next_cursor).toBeUndefined();
  });

  test("that are downloads come in pieces", async () => {
    const pieces: Buffer[] = [];
    for await (const { data } of client.stream("ArchiveRepository", { ...MAIN, format: "tar" }, AUTH))
      pieces.push(data as Buffer);
    expect(Buffer.concat(pieces).toString("latin1")).toContain("README.md");
  });
});

describe("content in pieces", () => {
  test("is what it is in one, after all that is said about it", async () => {
    const content = Buffer.alloc(3_000_000, "0123456789abcdef");
    await git.commit({ branch: "pieces", files: { large: content } });
    const request = { repo: "alice/demo", rev: Buffer.from("pieces"), path: Buffer.from("large") };
    const messages: Record<string, unknown>[] = [];
    for await (const message of client.stream("GetFileInPieces", request, AUTH)) messages.push(message);
    const { content: whole, ...about } = await ask("GetFile", request);
    expect([messages[0]!["head"], messages.length > 2]).toEqual([about, true]);
    const pieces = messages.slice(1).map(({ head, data }) => [head, (data as Buffer).length > 0]);
    expect(new Set(pieces.map((each) => JSON.stringify(each)))).toEqual(new Set(["[null,true]"]));
    expect(Buffer.concat(messages.slice(1).map(({ data }) => data as Buffer)).equals(content)).toBe(true);
    expect((whole as Buffer).equals(content)).toBe(true);
  });

  test("fails as it does in one", async () => {
    const read = async (path: string) => {
      for await (const _ of client.stream("GetFileInPieces", { ...MAIN, path: Buffer.from(path) }, AUTH));
    };
    const { code, error } = await failureOf(read("nothing"));
    expect([grpc.status[code], error?.reason]).toEqual(["NOT_FOUND", "path_not_found"]);
  });
});

describe("a write", () => {
  const put = (path: string, content: Buffer) => ({
    repo: "alice/demo",
    branch: Buffer.from("main"),
    path: Buffer.from(path),
    content,
    message: Buffer.from("Write"),
  });

  test("may be larger than other messages, up to the largest content", async () => {
    const large = Buffer.alloc(BLOB_BYTES_MAX - 1, "x");
    await ask("PutFile", put("large", large));
    const { content } = await ask("GetFile", { ...MAIN, path: Buffer.from("large") });
    expect(large.equals(content as Buffer)).toBe(true);
  });

  test("of more is refused before it is read", async () => {
    const { code } = await failureOf(client.call("PutFile", put("x", Buffer.alloc(2 * BLOB_BYTES_MAX)), AUTH));
    expect(grpc.status[code]).toBe("RESOURCE_EXHAUSTED");
  });

  test("many of which are large wait for one another", async () => {
    const large = Buffer.alloc(BLOB_BYTES_MAX / 2, "y");
    await Promise.all(["1", "2", "3", "4", "5", "6"].map((name) => ask("PutFile", put(`many/${name}`, large))));
    const { items } = (await ask("ListFiles", { ...MAIN, path: Buffer.from("many") })) as { items: unknown[] };
    expect(items).toHaveLength(6);
  });

  test("may be compressed", async () => {
    const packing = new HoldfastClient(door.port, {
      "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
    });
    await packing.call("PutFile", put("packed", Buffer.alloc(BLOB_BYTES_MAX - 1, "z")), AUTH);
    packing.close();
    const { size } = await ask("GetFile", { ...MAIN, path: Buffer.from("packed") });
    expect(size).toBe(BLOB_BYTES_MAX - 1);
  });

  test("with an idempotency key happens once", async () => {
    const metadata = { ...AUTH, "idempotency-key": "write-once" };
    const first = await client.call("PutFile", put("once", Buffer.from("1")), metadata);
    const second = await client.call("PutFile", put("once", Buffer.from("1")), metadata);
    expect(second.message).toEqual(first.message);
    expect([first, second].map(({ trailers }) => trailers.get("idempotent-replayed"))).toEqual([[], ["true"]]);
    expect(await refusal("PutFile", put("once", Buffer.from("2")), metadata)).toEqual([
      "INVALID_ARGUMENT",
      "idempotency_key_reused",
    ]);
  });

  test("goes to the session that its metadata names, unless its message does", async () => {
    const { session } = (await ask("OpenSession", { repo: "alice/demo", branch: Buffer.from("main") })) as {
      session: { id: string };
    };
    const write = { repo: "alice/demo", path: Buffer.from("in-session"), content: Buffer.from("x") };
    await ask("WriteWorktreeFile", write, { ...AUTH, "holdfast-session": session.id });
    const { worktree_status } = (await ask("WorktreeStatus", { repo: "alice/demo", session: session.id })) as {
      worktree_status: { items: { path: Buffer }[] };
    };
    expect(worktree_status.items.map(({ path }) => String(path))).toEqual(["in-session"]);
    const elsewhere = { ...AUTH, "holdfast-session": "none" };
    expect(
      (await ask("WorktreeStatus", { repo: "alice/demo", session: session.id }, elsewhere))["worktree_status"],
    ).toBeDefined();
    expect(await refusal("WorktreeStatus", { repo: "alice/demo" }, elsewhere)).toEqual([
      "NOT_FOUND",
      "session_not_found",
    ]);
  });
});

describe("bad input", () => {
  test("is refused by the engine, with the field as the message calls it", async () => {
    expect(await refusal("ShowLog", { ...MAIN, limit: -1 })).toEqual(["INVALID_ARGUMENT", "invalid_input", "limit"]);
    expect(await refusal("ShowRepository", {})).toEqual(["INVALID_ARGUMENT", "invalid_input", "repo"]);
    expect(await refusal("ShowRepository", { repo: "alice/nothing" })).toEqual(["NOT_FOUND", "repository_not_found"]);
    expect(await refusal("ShowSession", { repo: "alice/demo", session: "none" })).toEqual([
      "NOT_FOUND",
      "session_not_found",
    ]);
    expect(await refusal("ShowSession", { repo: "alice/demo" })).toEqual([
      "INVALID_ARGUMENT",
      "invalid_input",
      "session",
    ]);
    expect(await refusal("ListFiles", { ...MAIN, rev: Buffer.from("none") })).toEqual([
      "NOT_FOUND",
      "revision_not_found",
    ]);
    const diff = { repo: "alice/demo", from: Buffer.from("main"), to: Buffer.from("main") };
    expect(await refusal("ShowDiff", { ...diff, format: "colourful" })).toEqual([
      "INVALID_ARGUMENT",
      "invalid_input",
      "format",
    ]);
    expect(await refusal("ShowDiff", { ...diff, context_lines: -1 })).toEqual([
      "INVALID_ARGUMENT",
      "invalid_input",
      "context_lines",
    ]);
  });

  test("such as an action that is none of those is refused", async () => {
    const commit = { repo: "alice/demo", message: Buffer.from("x"), actions: [{}] };
    expect(await refusal("CreateCommit", commit)).toEqual(["INVALID_ARGUMENT", "invalid_input", "actions[0].action"]);
  });

  test("such as bytes that are no message is refused", async () => {
    const path = client.method("ShowLog")!.path;
    // Field 1 as a number, a length that is too long, an end within a varint, no UTF-8.
    for (const bytes of [
      [0x08, 0x01],
      [0x0a, 0x7f],
      [0x0a, 0x80],
      [0x0a, 0x02, 0xff, 0xfe],
    ]) {
      const { code, error } = await failureOf(client.raw(path, Buffer.from(bytes), AUTH));
      expect([grpc.status[code], error?.reason]).toEqual(["INVALID_ARGUMENT", "malformed_request"]);
    }
  });

  test("of 50 MB is refused where no content belongs", async () => {
    const { code, message } = await failureOf(client.call("ShowLog", { ...MAIN, rev: Buffer.alloc(50_000_000) }, AUTH));
    expect([grpc.status[code], message]).toEqual([
      "RESOURCE_EXHAUSTED",
      expect.stringContaining("received message larger than max"),
    ]);
  });

  test("such as a method that there is not is unimplemented", async () => {
    const { code } = await failureOf(client.raw("/holdfast.v1.FilesService/Nothing", Buffer.alloc(0), AUTH));
    expect(grpc.status[code]).toBe("UNIMPLEMENTED");
  });
});

describe("a failed call", () => {
  test("says what, why and where to look, for programs and for persons", async () => {
    const failure = await failureOf(client.call("ListFiles", { ...MAIN, rev: Buffer.from("none") }, AUTH));
    expect(failure).toMatchObject({
      message: "revision not found: none",
      info: { reason: "revision_not_found", domain: "holdfast", metadata: { revision: "none" } },
      error: { reason: "revision_not_found", retry: "never", details: { revision: "none" } },
    });
    expect(failure.error?.requestId).toBe(failure.requestId as string);
  });

  test("by a bug says nothing of it", async () => {
    const bug = await failureOf(client.raw("/holdfast.v1.BugsService/FailWithBug", repoMessage(), AUTH));
    expect([grpc.status[bug.code], bug.error?.reason]).toEqual(["INTERNAL", "internal"]);
    expect(JSON.stringify(bug)).not.toContain("secret");
    expect(door.bugs.splice(0)).toEqual([expect.objectContaining({ message: "a secret of the implementation" })]);
  });

  test("by its deadline ends what runs", async () => {
    const deadline = { deadline: Date.now() + 200 };
    const waiting = client.raw("/holdfast.v1.WaitsService/WaitForEver", repoMessage(), AUTH, deadline);
    const { code } = await failureOf(waiting);
    expect(grpc.status[code]).toBe("DEADLINE_EXCEEDED");
    await stopped.promise;
  });
});

describe("an operation that is added to the table", () => {
  test("is a method by itself, and reflection describes it", async () => {
    const described = await reflect({ case: "fileContainingSymbol", value: "holdfast.v1.WaitsService.WaitForEver" });
    if (described.case !== "fileDescriptorResponse") throw new Error(JSON.stringify(described));
    const files = described.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    expect(files[0]!.service.map(({ name }) => name)).toEqual(["WaitsService"]);
    expect(files[0]!.messageType.map(({ name }) => name)).toEqual(["WaitForEverRequest", "WaitForEverResponse"]);
    const comments = files[0]!.sourceCodeInfo!.location.map(({ path, leadingComments }) => [
      path.join(),
      leadingComments,
    ]);
    expect(comments).toContainEqual(["6,0,2,0", " Wait. Access: read.\n"]);
    expect(comments).toContainEqual(["4,0,2,0", " Full name of a repository, such as alice/demo.\n"]);
  });
});

describe("reflection", () => {
  test("lists every service of the committed files", async () => {
    const listed = await reflect({ case: "listServices", value: "" });
    if (listed.case !== "listServicesResponse") throw new Error(JSON.stringify(listed));
    const names = new Set(listed.value.service.map(({ name }) => name));
    const missing = [...committedServices().keys()].filter((name) => !names.has(name));
    expect([missing, names.has("grpc.health.v1.Health")]).toEqual([[], true]);
  });

  test("describes the messages in which errors are told", async () => {
    for (const name of ["holdfast.v1.HoldfastError", "google.rpc.ErrorInfo"])
      expect((await reflect({ case: "fileContainingSymbol", value: name })).case).toBe("fileDescriptorResponse");
  });
});

/** A message that only names the repository. */
const repoMessage = (): Buffer => client.method("ShowRepository")!.requestSerialize({ repo: "alice/demo" });

async function reflect(
  question: v1.ServerReflectionRequest["messageRequest"],
): Promise<v1.ServerReflectionResponse["messageResponse"]> {
  const channel = new TestClient(door.port);
  const metadata = new grpc.Metadata();
  metadata.set("authorization", AUTH.authorization);
  const call = channel.duplex(v1.ServerReflection.method.serverReflectionInfo, {}, metadata);
  call.write({ messageRequest: question });
  call.end();
  const [answer] = await collect(call);
  channel.close();
  return answer!.messageResponse;
}
