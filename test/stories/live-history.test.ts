import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ControlClient } from "../../src/transports/control/client.ts";
import { EACH_ONCE, install, type Installation } from "../support/installation.ts";
import { LiveClient } from "../support/live-client.ts";
import { holdfast, type RunningServer } from "../support/running-server.ts";
import { runGit } from "../support/temporary-repository.ts";

const TOKEN = "holdfast-story-token-of-the-administrator";
const COMMITS = 3_000;

describe.each([...EACH_ONCE])("live histories, %s", (combination) => {
  const place = mkdtempSync(join(tmpdir(), "holdfast-history-"));
  const work = join(place, "work");
  let installation: Installation;
  let server: RunningServer;
  let http: string;

  beforeAll(async () => {
    installation = await install(combination);
    server = await installation.start({ HOLDFAST_ADMIN_TOKEN: TOKEN });
    http = server.addresses["http"]!;
    await runGit(place, ["init", "-q", "-b", "main", work]);
    const commits = Array.from({ length: COMMITS }, (_, n) => {
      const message = `${n} ${"x".repeat(2000)}`;
      const who = `Jane Doe <jane@example.com> ${1_700_000_000 + n} +0000`;
      const lines = Array.from({ length: 20 }, (_line, at) => `${at === n % 20 ? n : at}\n`).join("");
      return `commit refs/heads/main\ncommitter ${who}\ndata ${message.length}\n${message}\nM 100644 inline f\ndata ${lines.length}\n${lines}\n`;
    });
    await runGit(work, ["fast-import", "--quiet"], { input: commits.join("") });
    await create("alice/long");
    await push("alice/long", "main");
  }, 60_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
  });

  const create = (name: string, ...options: string[]) =>
    holdfast(["repo", "create", name, ...options], { HOLDFAST_DATA: server.data });
  const push = (name: string, ...refspecs: string[]) =>
    runGit(work, ["push", "-q", `${http.replace("://", `://admin:${TOKEN}@`)}/git/${name}`, ...refspecs]);
  const follow = (path: string, token?: string, repo = "alice/long") =>
    LiveClient.connect(http, token, `/v1/repos/${encodeURIComponent(repo)}/${path}`);
  const text = async (args: string[]) => (await runGit(work, args)).toString().trim();
  const oidsOf = ({ messages }: LiveClient) =>
    messages.flatMap(({ items }) => (items as { oid: string }[] | undefined) ?? []).map(({ oid }) => oid);

  test("a log is told as git has it, and then what is pushed", async () => {
    const client = await follow("log/live?rev=main");
    await client.until(({ type }) => type === "done");
    expect(oidsOf(client)).toEqual((await text(["rev-list", "main"])).split("\n"));
    const before = await text(["rev-parse", "main"]);
    const tree = await text(["rev-parse", "main^{tree}"]);
    const next = await text([
      "-c",
      "user.name=J",
      "-c",
      "user.email=j@example.com",
      "commit-tree",
      tree,
      "-p",
      before,
      "-m",
      "next",
    ]);
    await push("alice/long", `${next}:refs/heads/main`);
    await client.until(({ type }) => type === "moved");
    await client.until(({ items }) => (items as { oid: string }[] | undefined)?.[0]?.oid === next);
    expect(client.messages.find(({ type }) => type === "moved")).toEqual({ type: "moved", from: before, to: next });
    await client.close();
  });

  test("a blame is told as REST tells it", async () => {
    const client = await follow("blame/live?path=f&first_line=3&last_line=12");
    await client.until(({ type }) => type === "done");
    const told = client.messages.flatMap(
      ({ items }) => (items as { line: number; line_count: number; commit: string }[]) ?? [],
    );
    const rest = (await (
      await fetch(`${http}/v1/repos/alice%2Flong/blame?path=f&first_line=3&last_line=12`)
    ).json()) as { ranges: { line: number; line_count: number; commit: string }[] };
    const lines = (ranges: typeof rest.ranges) =>
      ranges
        .flatMap(({ line, line_count, commit }) =>
          Array.from({ length: line_count }, (_, n) => `${String(line + n).padStart(3)} ${commit}`),
        )
        .toSorted();
    expect(lines(told)).toEqual(lines(rest.ranges));
    await client.close();
  });

  test("whoever goes in the middle leaves nothing running", async () => {
    const clients = await Promise.all(
      Array.from({ length: 4 }, (_, n) => follow(n % 2 ? "blame/live?path=f" : "log/live?path=f")),
    );
    await Promise.all(clients.map((client) => client.until(({ items }) => items !== undefined)));
    await Promise.all(clients.map((client) => client.close()));
    // A child that is told to end takes its time, and nobody hears of it.
    const deadline = performance.now() + 10_000;
    const running = async () => {
      const metrics = await (await fetch(`${http}/metrics`)).text();
      // Of git there may be some that wait for the next who reads an object.
      const children = Bun.spawnSync(["ps", "-o", "args=", "--ppid", String(server.pid)]).stdout.toString();
      const watching = /^holdfast_operations_in_flight\{operation="watch(?:Log|Blame)",.*\} [1-9]/m.test(metrics);
      return watching || /\b(?:rev-list|blame)\b/.test(children);
    };
    while (await running()) if (performance.now() > deadline) throw new Error("something still runs");
  });

  test("what is wrong is told over the socket, which closes then", async () => {
    const wrong = async (path: string, repo?: string) => {
      const client = await follow(path, undefined, repo);
      const { code } = await client.closed;
      const { type, reason, request_id } = client.messages.at(-1)!;
      expect([type, typeof request_id]).toEqual(["error", "string"]);
      return [code, reason];
    };
    expect(await wrong("log/live?rev=none")).toEqual([4404, "revision_not_found"]);
    expect(await wrong("log/live?reev=main")).toEqual([4422, "invalid_input"]);
    expect(await wrong("log/live?offset=-1")).toEqual([4422, "invalid_input"]);
    expect(await wrong("blame/live")).toEqual([4422, "invalid_input"]);
    expect(await wrong("blame/live?path=none")).toEqual([4404, "path_not_found"]);
    expect(await wrong("log/live", "alice/none")).toEqual([4404, "repository_not_found"]);
    const plain = await fetch(`${http}/v1/repos/alice%2Flong/log/live`);
    expect([plain.status, await plain.json()]).toMatchObject([400, { reason: "malformed_request" }]);
    const posted = await fetch(`${http}/v1/repos/alice%2Flong/log/live`, { method: "POST" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, OPTIONS"]);
  });

  test("who may not read is told nothing, a token comes as a header or as the first message, and its end ends the stream", async () => {
    await create("alice/hidden", "--private");
    await push("alice/hidden", "main~2990:refs/heads/main");
    const stranger = await follow("log/live", undefined, "alice/hidden");
    expect(await stranger.closed).toMatchObject({ code: 4404, reason: "repository_not_found" });
    const known = await follow("log/live", TOKEN, "alice/hidden");
    await known.until(({ type }) => type === "done");
    const later = await follow("log/live?authenticate=true&rev=main", undefined, "alice/hidden");
    later.send({ type: "authenticate", token: TOKEN });
    await later.until(({ type }) => type === "done");
    expect(oidsOf(later)).toEqual(oidsOf(known));
    await Promise.all([known.close(), later.close()]);

    const control = new ControlClient(server.data);
    await control.call("createUser", { name: "dora" });
    const { token, id } = await control.call<{ token: string; id: number }>("createToken", { user: "dora", name: "t" });
    const dora = await follow("log/live?limit=1", token);
    await dora.until(({ type }) => type === "done");
    await control.call("revokeToken", { user: "dora", token: String(id) });
    expect(await dora.closed).toMatchObject({ code: 4401 });
    expect(dora.messages.at(-1)).toMatchObject({ type: "error", reason: "unauthenticated" });
  });

  test("the server's end is told", async () => {
    const client = await follow("log/live?limit=1");
    await client.until(({ type }) => type === "done");
    expect(await server.stop()).toBe(0);
    expect(await client.closed).toMatchObject({ code: 1001 });
    server = await installation.start({ HOLDFAST_ADMIN_TOKEN: TOKEN });
  });
});
