// A program in front of the Gitaly protocol that passes on what git's clients say over HTTP.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SmartHTTPService } from "../../src/transports/api/gitaly/generated/smarthttp_pb.ts";
import { failureOf } from "../support/failure-of.ts";
import { git, gitOutput } from "../support/git-client.ts";
import { COMBINATIONS, install, type Installation } from "../support/installation.ts";
import type { RunningServer } from "../support/running-server.ts";
import { StoryClient, type StoryRepository } from "../support/story-client.ts";
import { TestClient } from "../transports/grpc/grpc-client.ts";

const METHODS = SmartHTTPService.method;
const DATA_BYTES_MAX = 128 * 1024;
describe.each([...COMBINATIONS])("git over gRPC, %s", (combination) => {
  const place = mkdtempSync(join(tmpdir(), "holdfast-gitaly-http-"));
  let installation: Installation;
  let server: RunningServer;
  let client: TestClient;
  let repository: StoryRepository;
  let proxy: Bun.Server<undefined>;
  /** The largest piece of an answer so far. */
  let pieceBytes = 0;

  beforeAll(async () => {
    installation = await install(combination);
    server = await installation.start();
    const port = Number(server.addresses["grpc"]!.split(":").at(-1));
    client = new TestClient(port);
    const story = new StoryClient(port);
    repository = await story.createRepository("group/one");
    story.close();
    proxy = Bun.serve({ hostname: "127.0.0.1", port: 0, maxRequestBodySize: 2 ** 40, fetch: passOn });
  });
  afterAll(async () => {
    await proxy.stop(true);
    client.close();
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
  });

  /** Either of the two calls that take a body. */
  interface Duplex extends Answers {
    write(message: object): boolean;
    end(): void;
  }

  type Answers = AsyncIterable<{ readonly data: Uint8Array }>;

  const joined = async (answers: Answers): Promise<Uint8Array<ArrayBuffer>> => {
    const pieces: Uint8Array[] = [];
    for await (const { data } of answers) {
      pieceBytes = Math.max(pieceBytes, data.byteLength);
      pieces.push(data);
    }
    return new Uint8Array(Buffer.concat(pieces));
  };

  async function passOn(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const gitProtocol = request.headers.get("git-protocol") ?? "";
    const service = url.searchParams.get("service") ?? url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
    if (url.pathname.endsWith("/info/refs")) {
      const method = service === "git-upload-pack" ? METHODS.infoRefsUploadPack : METHODS.infoRefsReceivePack;
      const body = await joined(client.serverStream(method, { repository, gitProtocol }) as Answers);
      return new Response(body, { headers: { "content-type": `application/x-${service}-advertisement` } });
    }
    const compressed = await request.bytes();
    const body =
      request.headers.get("content-encoding") === "gzip" ? Bun.gunzipSync(new Uint8Array(compressed)) : compressed;
    const names = { glId: "user-42", glUsername: "janedoe", glRepository: "project-7" };
    const pushes = service === "git-receive-pack";
    const call = client.duplex(pushes ? METHODS.postReceivePack : METHODS.postUploadPack) as Duplex;
    call.write({ repository, gitProtocol, ...(pushes ? names : {}) });
    for (let at = 0; at < body.byteLength; at += DATA_BYTES_MAX)
      call.write({ data: body.subarray(at, at + DATA_BYTES_MAX) });
    call.end();
    return new Response(await joined(call), {
      headers: { "content-type": `application/x-${service}-result` },
    });
  }

  describe("SmartHTTPService", () => {
    test("serves clones and pushes of git's client; hooks hear who pushes and how", async () => {
      const hooks = join(server.storage, "group", "one.git", "hooks");
      const told = join(place, "told");
      mkdirSync(hooks, { recursive: true });
      const script = `#!/bin/sh\necho "$GL_ID $GL_USERNAME $GL_REPOSITORY $GL_PROTOCOL" > ${told}\necho seen >&2\n`;
      writeFileSync(join(hooks, "pre-receive"), script);
      chmodSync(join(hooks, "pre-receive"), 0o755);
      const work = join(place, "work");
      await gitOutput(place, ["init", "-q", "-b", "main", work]);
      writeFileSync(join(work, "random"), crypto.getRandomValues(Buffer.alloc(60_000)));
      for (let turn = 0; turn < 10; turn++) {
        writeFileSync(join(work, `random${turn}`), crypto.getRandomValues(Buffer.alloc(60_000)));
        await gitOutput(work, ["add", "."]);
        await gitOutput(work, ["commit", "-q", "-m", "more"]);
      }
      const url = `http://127.0.0.1:${proxy.port}/one`;
      const pushed = await git(work, ["push", url, "main"]);
      expect([pushed.code, pushed.stderr]).toEqual([0, expect.stringContaining("remote: seen")]);
      expect(readFileSync(told, "utf8")).toBe("user-42 janedoe project-7 http\n");
      for (const version of ["0", "1", "2"]) {
        const clone = join(place, `clone-${version}`);
        await gitOutput(place, ["-c", `protocol.version=${version}`, "clone", "-q", url, clone]);
        expect(await gitOutput(clone, ["rev-parse", "HEAD"])).toBe(await gitOutput(work, ["rev-parse", "HEAD"]));
      }
      expect(pieceBytes).toBeLessThanOrEqual(DATA_BYTES_MAX);
    }, 30_000);

    test("names the service first, in every version", async () => {
      for (const gitProtocol of ["", "version=2"]) {
        const body = await joined(
          client.serverStream(METHODS.infoRefsUploadPack, { repository, gitProtocol }) as Answers,
        );
        expect(Buffer.from(body).toString("latin1")).toStartWith("001e# service=git-upload-pack\n0000");
      }
    });

    test("refuses a first message with data, and a repository that is not there", async () => {
      const ask = (method: typeof METHODS.postUploadPack | typeof METHODS.postReceivePack, first: object) => {
        const call = client.duplex(method) as Duplex;
        call.write(first);
        call.end();
        return failureOf(Array.fromAsync(call));
      };
      const data = Buffer.from("0000");
      for (const method of [METHODS.postUploadPack, METHODS.postReceivePack]) {
        expect(await ask(method, { repository, data })).toMatchObject({ code: 3, details: "non-empty Data" });
        expect(await ask(method, {})).toMatchObject({ code: 3, details: "repository not set" });
        const absent = { storageName: "default", relativePath: "group/absent.git" };
        expect(await ask(method, { repository: absent })).toMatchObject({ code: 5 });
      }
    });
  });
});
