// What the README promises, as it is written there.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ClientWritableStream,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { HoldfastClient } from "../support/holdfast-client.ts";
import { holdfast, type RunningServer, startServer } from "../support/running-server.ts";
import { ROOT } from "../support/source-tree.ts";

const README = readFileSync(join(ROOT, "README.md"), "utf8");
const EXAMPLE = join(ROOT, "docs", "examples", "first-commit.ts");

let server: RunningServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const log = (relativePath: string): string =>
  execFileSync("git", ["log", "-p", "--format=%an <%ae>%n%s", "main"], {
    cwd: join(server.storage, relativePath),
    encoding: "utf8",
  });

/** One `grpcurl` of the README: where it goes, and the messages that it sends. */
interface Call {
  readonly service: string;
  readonly method: string;
  readonly messages: readonly object[];
}

function grpcurlCalls(): Call[] {
  const calls = README.matchAll(
    /^grpcurl -plaintext -d (?:'([^']*)'|@).*?gitaly\.(\w+)\/(\w+)(?: <<'END'\n(.*?)\nEND)?$/gms,
  );
  return [...calls].map(([, one, service = "", method = "", many = ""]) => {
    const text = one ?? many.replaceAll(/\n(?=\{"action")/g, "\0");
    return { service, method, messages: text.split("\0").map((each) => JSON.parse(each) as object) };
  });
}

/** Calls of our own package: a method, and its message. */
function ownCalls(): { readonly method: string; readonly message: object }[] {
  const calls = README.matchAll(/^grpcurl .*\$TOKEN" -d '([^']*)' 127\.0\.0\.1:8075 holdfast\.v1\.\w+\/(\w+)$/gm);
  return [...calls].map(([, message = "", method = ""]) => ({ method, message: JSON.parse(message) as object }));
}

/** Does what grpcurl does with them, so that the test needs no grpcurl. */
async function send({ service, method, messages }: Call): Promise<unknown> {
  const definition = loadSync(["repository.proto", "operations.proto"], {
    includeDirs: [join(ROOT, "proto")],
    keepCase: true,
  });
  const services = loadPackageDefinition(definition)["gitaly"] as unknown as Record<string, ServiceClientConstructor>;
  const client = new (services[service] as ServiceClientConstructor)(
    server.addresses["grpc"] ?? "",
    credentials.createInsecure(),
  );
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const done = (error: Error | null, answer: unknown) => (error === null ? resolve(answer) : reject(error));
  if (messages.length === 1) client[method]?.call(client, messages[0], done);
  else {
    const call = client[method]?.call(client, done) as ClientWritableStream<object>;
    for (const message of messages) call.write(message);
    call.end();
  }
  return promise.finally(() => client.close());
}

describe("README", () => {
  test("a first commit with grpcurl", async () => {
    const calls = grpcurlCalls();
    expect(calls.map(({ method, messages }) => [method, messages.length])).toEqual([
      ["CreateRepository", 1],
      ["UserCommitFiles", 3],
    ]);
    for (const call of calls) await send(call);
    expect(log("alice/hello.git")).toMatch(/^Alice <alice@example.com>\nFirst commit\n[^]*\+# Hello\n$/);
  });

  test("the management API with grpcurl", async () => {
    const token = readFileSync(join(server.data, "admin-token"), "utf8").trim();
    const client = new HoldfastClient(Number(server.addresses["grpc"]?.split(":").at(-1)));
    const calls = ownCalls();
    expect(calls.map(({ method }) => method)).toEqual(["CreateRepository", "PutFile", "ShowLog"]);
    let last: Record<string, unknown> = {};
    for (const { method, message } of calls)
      ({ message: last } = await client.call(method, message, { authorization: `Bearer ${token}` }));
    client.close();
    expect((last["items"] as { subject: Buffer }[]).map(({ subject }) => String(subject))).toEqual(["First commit"]);
    expect(log("alice/api.git")).toContain("+# Hello\n");
  });

  test("a first commit with TypeScript: the program is the one in docs/examples", async () => {
    expect(README).toContain(`\`\`\`ts\n${readFileSync(EXAMPLE, "utf8")}\`\`\`\n`);
    const printed = execFileSync(process.execPath, [EXAMPLE, server.addresses["grpc"] ?? ""], {
      cwd: ROOT,
      encoding: "utf8",
    });
    const tip = execFileSync("git", ["rev-parse", "main"], {
      cwd: join(server.storage, "alice/first.git"),
      encoding: "utf8",
    });
    expect(printed).toBe(`main is now ${tip}`);
    expect(log("alice/first.git")).toMatch(/^Alice <alice@example.com>\nFirst commit\n[^]*\+# Hello\n$/);
  });

  test("every command of the command line that it names exists", async () => {
    const named = [...README.matchAll(/npx holdfast (\w+)(?: (\w+))?/g)].map(([, command = "", sub]) => [command, sub]);
    const subcommands =
      /also: (.*)/
        .exec(README)?.[1]
        ?.split(", ")
        .map((sub) => ["repo", sub]) ?? [];
    expect(subcommands.length).toBeGreaterThan(3);
    for (const [command = "", sub] of [...named, ...subcommands]) {
      const help = (await holdfast([command, "--help"])).stdout;
      expect(help).toStartWith(`Usage: holdfast ${command}`);
      if (sub !== undefined && ["repo", "backend"].includes(command))
        expect(help).toMatch(new RegExp(`\n  ([a-z]+\\|)?${sub} `));
    }
  });

  test("every npm script that it names exists", async () => {
    const { scripts } = (await Bun.file(join(ROOT, "package.json")).json()) as { scripts: Record<string, string> };
    const named = [...README.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
