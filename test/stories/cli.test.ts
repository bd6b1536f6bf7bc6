// The command line as a user types it, against a running server and without one.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VERSION } from "../../src/version.ts";
import {
  FREE_PORTS,
  holdfast,
  type RunningServer,
  startServer,
  cleanEnvironment,
  COMMAND,
} from "../support/running-server.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

let server: RunningServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** A command for the running server; it must succeed. */
async function ask(...args: string[]): Promise<string> {
  const result = await holdfast(args, { HOLDFAST_DATA: server.data });
  expect(result).toMatchObject({ code: 0 });
  return result.stdout;
}

describe("holdfast", () => {
  test("lists its commands, and only those with something behind them", async () => {
    const { code, stdout } = await holdfast(["--help"]);
    expect(code).toBe(0);
    const commands = [
      "serve",
      "repo",
      "user",
      "key",
      "token",
      "session",
      "settings",
      "webhook",
      "backend",
      "events",
      "mcp",
      "doctor",
      "bench",
      "version",
    ];
    for (const command of commands) expect(stdout).toContain(`\n  ${command} `);
    expect(stdout).not.toContain("\n  backup ");
  });

  test("says in one line on stderr what is wrong with its use, and ends with 2", async () => {
    for (const args of [
      ["repo", "creat", "x"],
      ["repo", "create"],
      ["repo", "list", "--colour"],
      ["repo", "create", "a b"],
    ]) {
      const { code, stdout, stderr } = await holdfast(args);
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
      expect(stderr).toMatch(/^holdfast: [^\n]+\n$/);
    }
  });

  test("reports every mistake of the configuration at once", async () => {
    const { code, stderr } = await holdfast(["serve"], { HOLDFAST_HTTP_PORT: "x", HOLDFAST_REQUESTS_MAX: "-1" });
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(2);
    expect((await holdfast(["serve", "--http-port", "x"])).code).toBe(2);
  });
});

describe("holdfast version", () => {
  test("prints the package's version", async () => {
    expect((await holdfast(["version"])).stdout).toStartWith(`holdfast ${VERSION} `);
    expect(JSON.parse((await holdfast(["version", "--json"])).stdout)).toMatchObject({ version: VERSION });
  });
});

describe("holdfast serve", () => {
  test("refuses a data directory that another server owns, and names it", async () => {
    const second = await holdfast(["serve"], {
      HOLDFAST_DATA: server.data,
      ...FREE_PORTS,
    });
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`pid=${server.pid}`);
  });

  test("stops on SIGTERM with exit code 0 and leaves no socket", async () => {
    await using other = await startServer();
    expect(statSync(join(other.data, "control.sock")).mode & 0o777).toBe(0o600);
    expect(await other.stop()).toBe(0);
    expect(existsSync(join(other.data, "control.sock"))).toBe(false);
  });
});

describe("holdfast repo", () => {
  test("creates, lists, shows, renames and deletes", async () => {
    expect(await ask("repo", "create", "alice/one")).toBe("created alice/one\n");
    const created = JSON.parse(await ask("repo", "create", "alice/two", "--object-format", "sha256", "--json"));
    expect(created).toEqual({
      name: "alice/two",
      storage: "default",
      relative_path: "alice/two.git",
      object_format: "sha256",
    });
    expect((await ask("repo", "list")).split("\n")).toContain("alice/one");
    expect(JSON.parse(await ask("repo", "show", "alice/two", "--json"))).toMatchObject({
      object_format: "sha256",
      head: "refs/heads/main",
      head_oid: null,
      references: 0,
    });
    expect(await ask("repo", "rename", "alice/one", "bob/one")).toBe("renamed alice/one to bob/one\n");
    expect(await ask("repo", "delete", "bob/one")).toBe("deleted bob/one\n");
    const names = (JSON.parse(await ask("repo", "list", "--json")) as { name: string }[]).map(({ name }) => name);
    expect(names).toContain("alice/two");
    expect(names).not.toContain("bob/one");
  });

  test("says what is not there, what is there already, and which names are refused", async () => {
    const fails = async (...args: string[]) => holdfast(args, { HOLDFAST_DATA: server.data });
    const absent = await fails("repo", "show", "nobody/nothing");
    expect(absent).toMatchObject({ code: 1, stdout: "" });
    expect(absent.stderr).toMatch(/^holdfast: repository not found[^\n]*nobody\/nothing[^\n]*\n$/);
    await ask("repo", "create", "alice/again");
    expect((await fails("repo", "create", "alice/again")).stderr).toMatch(/^holdfast: [^\n]*exists[^\n]*\n$/);
    for (const name of ["api/x", "../x", "x.git", "/x"]) expect((await fails("repo", "create", name)).code).toBe(2);
  });

  test("works without a server, and leaves none behind", async () => {
    const data = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
    const alone = (...args: string[]) => holdfast(args, { HOLDFAST_DATA: data });
    expect(await alone("repo", "create", "x")).toMatchObject({ code: 0, stdout: "created x\n" });
    expect(await alone("repo", "list")).toMatchObject({ code: 0, stdout: "x\n" });
    expect(existsSync(join(data, "control.sock"))).toBe(false);
    rmSync(data, { recursive: true });
  });
});

describe("holdfast repo blob, piped", () => {
  const SIZE = 8 * 1024 * 1024;

  test("prints all of a large file, and ends quietly when its reader has had enough", async () => {
    await ask("repo", "create", "alice/large");
    const git = TemporaryRepository.at(join(server.storage, "alice", "large.git"));
    await git.commit({ files: { large: Buffer.alloc(SIZE, "0123456789\n") } });
    expect(await ask("repo", "commit", "alice/large", "main")).toContain("\n+0123456789\n");
    const command = [process.execPath, COMMAND, "repo", "blob", "alice/large", "large"];
    const env = { ...cleanEnvironment(), HOLDFAST_DATA: server.data };
    const whole = Bun.spawn(["sh", "-c", '"$@" | git hash-object --stdin', "sh", ...command], { env, stdout: "pipe" });
    expect((await new Response(whole.stdout).text()).trim()).toBe(await git.text(["rev-parse", "main:large"]));
    const part = Bun.spawn(["sh", "-c", '"$@" | head -c 10', "sh", ...command], {
      env,
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await new Response(part.stdout).text()).toBe("0123456789");
    expect(await new Response(part.stderr).text()).toBe("");
  });
});

describe("holdfast user, key, token, settings, webhook", () => {
  test("work on the server as they do over SSH, and belong to the administrator where they belong to the caller there", async () => {
    expect(await ask("user", "create", "zoe", "--display-name", "Zoe Smith")).toBe("created zoe\n");
    expect(JSON.parse(await ask("user", "info", "zoe", "--json"))).toMatchObject({
      display_name: "Zoe Smith",
      keys: [],
    });
    const token = JSON.parse(await ask("token", "create", "ci", "--expires-in", "30d", "--json"));
    expect(token).toMatchObject({ name: "ci", user: "admin", access: "write", token: expect.any(String) });
    expect(await ask("token", "list", "--user", "zoe")).toBe("");
    expect(await ask("token", "revoke", "ci")).toBe("revoked ci\n");
    expect(await ask("settings", "anon-access")).toBe("read-only\n");
    expect(JSON.parse(await ask("webhook", "list", "--json"))).toEqual([]);
    expect(await ask("repo", "create", "zoe/described", "--description", "words with spaces")).toBe(
      "created zoe/described\n",
    );
    expect(JSON.parse(await ask("repo", "info", "zoe/described", "--json"))).toMatchObject({
      owner: "zoe",
      description: "words with spaces",
      path: join(server.storage, "zoe", "described.git"),
    });
    expect(await ask("user", "delete", "zoe")).toBe("deleted zoe\n");
    const bytes = Bun.spawn(
      ["sh", "-c", '"$@" "$(printf \'a\\377\')"', "sh", process.execPath, COMMAND, "repo", "info"],
      {
        env: { ...cleanEnvironment(), HOLDFAST_DATA: server.data },
        stderr: "pipe",
      },
    );
    expect(await new Response(bytes.stderr).text()).toBe("holdfast: the command is not UTF-8\n");
    expect(await bytes.exited).toBe(2);
  });
});

describe("holdfast backend", () => {
  test("shows the backend, and switches it while the server runs", async () => {
    const show = async () =>
      JSON.parse(await ask("backend", "show", "--json")) as { current: string; available: string[] };
    const { current, available } = await show();
    expect(available.toSorted()).toEqual(["libgit2", "shell"]);
    const other = available.find((name) => name !== current) ?? "";
    expect(await ask("backend", "switch", other)).toBe(`${current} -> ${other}\n`);
    expect((await show()).current).toBe(other);
    await ask("backend", "switch", current);
    expect((await holdfast(["backend", "switch", "svn"], { HOLDFAST_DATA: server.data })).code).toBe(1);
  });

  test("needs a running server", async () => {
    const data = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
    expect(await holdfast(["backend", "show"], { HOLDFAST_DATA: data })).toMatchObject({ code: 1 });
    rmSync(data, { recursive: true });
  });
});

describe("holdfast doctor", () => {
  interface Finding {
    readonly check: string;
    readonly verdict: string;
    readonly found: string;
    readonly advice?: string;
  }
  const findings = (stdout: string) => JSON.parse(stdout) as Finding[];

  test("finds nothing to complain about where a server can run", async () => {
    const env = { HOLDFAST_DATA: join(server.data, "..", "fresh"), ...FREE_PORTS };
    const { code, stdout } = await holdfast(["doctor", "--json"], env);
    expect(code).toBe(0);
    const found = findings(stdout);
    expect(found.map(({ check }) => check)).toEqual([
      "git",
      "libgit2",
      "addon",
      "data directory",
      "database",
      "clock",
      "disk",
    ]);
    expect(found.filter(({ verdict }) => verdict === "problem")).toEqual([]);
    expect(existsSync(env.HOLDFAST_DATA)).toBe(false);
  });

  test("says what to do about a port in use, a missing git, and a data directory that cannot be one", async () => {
    const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const place = mkdtempSync(join(tmpdir(), "holdfast-doctor-"));
    writeFileSync(join(place, "file"), "");
    const env = { HOLDFAST_DATA: join(place, "file"), HOLDFAST_HTTP_PORT: String(taken.port), PATH: place };
    const { code, stdout, stderr } = await holdfast(["doctor", "--json"], env);
    taken.stop(true);
    rmSync(place, { recursive: true });
    const bad = findings(stdout).filter(({ verdict }) => verdict === "problem");
    expect(bad.map(({ check }) => check)).toEqual(["git", "data directory", "port of http"]);
    expect(bad.every(({ advice }) => advice !== undefined)).toBe(true);
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
