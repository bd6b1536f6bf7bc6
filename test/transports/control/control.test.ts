import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteStringField, Maybe, Type } from "../../../src/contract/fields.ts";
import { defineOperation, type Operation } from "../../../src/contract/operation.ts";
import type { Caller } from "../../../src/contract/principal.ts";
import { OperationError } from "../../../src/domain/errors.ts";
import { Admission } from "../../../src/engine/admission.ts";
import { Engine, type EngineServices } from "../../../src/engine/engine.ts";
import { ControlClient, ControlError, controlSocket } from "../../../src/transports/control/client.ts";
import { type ControlServer, startControlServer } from "../../../src/transports/control/server.ts";

const shared = { summary: "", access: "server-admin", target: "none", errors: [], examples: [] } as const;

const Bytes = Type.Object({ name: ByteStringField("a name"), content: Maybe(Type.Uint8Array()) });
const echo = defineOperation({
  ...shared,
  name: "echo",
  kind: "read",
  shape: "call",
  input: Bytes,
  output: Bytes,
  run: async (input) => input,
});
const refuse = defineOperation({
  ...shared,
  name: "refuse",
  kind: "read",
  shape: "call",
  input: Type.Object({}),
  output: Type.Object({}),
  run: () =>
    Promise.reject(new OperationError("repository_not_found", { repository: "a.git" }, { context: { secret: 1 } })),
});
const stumble = defineOperation({
  ...shared,
  name: "stumble",
  kind: "read",
  shape: "call",
  input: Type.Object({}),
  output: Type.Object({}),
  run: () => Promise.reject(new Error("a secret of the code")),
});

let gone = Promise.withResolvers<void>();
const countUp = defineOperation({
  ...shared,
  name: "countUp",
  kind: "read",
  shape: "list",
  input: Type.Object({ to: Type.Integer(), fail: Maybe(Type.Boolean()) }),
  output: Type.Object({ value: Type.Integer() }),
  async *run({ to, fail }) {
    try {
      for (let value = 1; value <= to; value++) yield [{ value }];
      if (fail === true) throw new OperationError("disk_full", {});
    } finally {
      gone.resolve();
    }
  },
});

/** An engine that knows no repositories, and remembers who called. */
function engine(callers: Caller[]): Engine {
  const limits = { requestsMax: 8, requestsPerRepositoryMax: 8, waitMaxMs: 1000, waitingMax: 8 };
  const record = { repository() {}, queued() {}, end() {} };
  const recorder = { begin: (_: string, caller: Caller) => (callers.push(caller), record) };
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
  const nothing = () => undefined;
  return new Engine({
    admission: new Admission(limits),
    recorder,
    clock,
    repositories: nothing,
    events: nothing,
    sessions: nothing,
  } as unknown as EngineServices);
}

const data = mkdtempSync(join(tmpdir(), "holdfast-control-"));
const client = new ControlClient(data);
const callers: Caller[] = [];
const bugs: unknown[] = [];
let server: ControlServer;

beforeAll(() => {
  server = startControlServer({
    path: controlSocket(data),
    engine: engine(callers),
    operations: [echo, refuse, stumble, countUp] as readonly Operation[],
    newRequestId: () => "request-1",
    onBug: (error) => bugs.push(error),
  });
});

afterAll(async () => {
  await server.close();
  rmSync(data, { recursive: true });
});

/** What a call is answered with when it fails. */
async function errorOf(call: Promise<unknown>): Promise<ControlError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ControlError) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

describe("startControlServer", () => {
  test("makes a socket that only its own account may use", () => {
    expect(statSync(controlSocket(data)).mode & 0o777).toBe(0o600);
  });

  test("runs an operation as the principal control", async () => {
    expect(await client.call<unknown>("echo", { name: "x" })).toEqual({ name: "x" });
    expect(callers.at(-1)).toMatchObject({ door: "control", principal: { kind: "control" }, requestId: "request-1" });
  });

  test("bytes are text where they are UTF-8, else base64", async () => {
    const text = { name: "grün", content: "ÿ" };
    expect(await client.call<unknown>("echo", text)).toEqual(text);
    const raw = { name: { base64: "/w==" }, content: { base64: "wyg=" } };
    expect(await client.call<unknown>("echo", raw)).toEqual(raw);
  });

  test("answers an error with its reason and details, without what is for the log", async () => {
    const error = await errorOf(client.call("refuse", {}));
    expect(error).toMatchObject({
      message: "repository not found",
      reason: "repository_not_found",
      details: { repository: "a.git" },
    });
    const response = await fetch("http://control/operations/refuse", {
      unix: controlSocket(data),
      method: "POST",
      body: "{}",
    });
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain("secret");
  });

  test("a bug is told to the log, not to the client", async () => {
    expect(await errorOf(client.call("stumble", {}))).toMatchObject({ reason: "internal" });
    expect(String(bugs.at(-1))).toContain("a secret of the code");
  });

  test("refuses input that does not fit, that is no JSON, and operations that are not there", async () => {
    expect((await errorOf(client.call("echo", { name: 1 }))).reason).toBe("invalid_input");
    expect((await errorOf(client.call("none", {}))).reason).toBe("unimplemented");
    const response = await fetch("http://control/operations/echo", {
      unix: controlSocket(data),
      method: "POST",
      body: "{",
    });
    expect(response.status).toBe(400);
  });

  test("a list comes item by item and says when it has failed on the way", async () => {
    expect(await Array.fromAsync(client.list("countUp", { to: 3 }))).toEqual([
      { value: 1 },
      { value: 2 },
      { value: 3 },
    ]);
    const seen: unknown[] = [];
    const failing = (async () => {
      for await (const item of client.list("countUp", { to: 1, fail: true })) seen.push(item);
    })();
    expect(await errorOf(failing)).toMatchObject({ reason: "disk_full" });
    expect(seen).toEqual([{ value: 1 }]);
  });

  test("stops an operation whose reader has gone", async () => {
    gone = Promise.withResolvers<void>();
    const abort = new AbortController();
    const response = await fetch("http://control/operations/countUp", {
      unix: controlSocket(data),
      method: "POST",
      body: JSON.stringify({ to: Number.MAX_SAFE_INTEGER }),
      signal: abort.signal,
    });
    await response.body?.getReader().read();
    abort.abort();
    await gone.promise;
  });
});

describe("ControlClient", () => {
  test("a socket that nobody listens on any more is no server", async () => {
    expect(await client.isServed()).toBe(true);
    const left = mkdtempSync(join(tmpdir(), "holdfast-control-"));
    const dead = Bun.listen({ unix: controlSocket(left), socket: { data() {} } });
    dead.stop(true);
    expect(await new ControlClient(left).isServed()).toBe(false);
    rmSync(left, { recursive: true });
  });
});
