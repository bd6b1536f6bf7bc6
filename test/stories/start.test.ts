// The two commands that users type first, as they type them: through npm, from a checkout that is set up.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VERSION } from "../../src/version.ts";
import { cleanEnvironment, FREE_PORTS } from "../support/running-server.ts";
import { ROOT } from "../support/source-tree.ts";

function npm(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return Bun.spawn(["npm", ...args], {
    cwd: ROOT,
    env: { ...cleanEnvironment(), ...env },
    stdin: "ignore",
    stderr: "pipe",
  });
}

/** Reads until a line matches, and answers it; the rest stays unread. */
async function lineOf(stream: ReadableStream<Uint8Array>, wanted: RegExp): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const line = text.split("\n").find((each) => wanted.test(each));
    if (line !== undefined) return line;
  }
  throw new Error(`the output ended without ${wanted}:\n${text}`);
}

/** npm alone takes most of a second; a machine that builds something else meanwhile is slower. */
const NPM_MS = 60_000;

describe("npm start", () => {
  test(
    "serves, prints what to type next, and hands SIGTERM on: nothing is left running",
    async () => {
      const place = mkdtempSync(join(tmpdir(), "holdfast-start-"));
      const settings = { HOLDFAST_DATA: join(place, "data"), ...FREE_PORTS };
      const started = npm(["start"], settings);
      const ready = await lineOf(started.stdout, /^holdfast ready /);
      expect(ready.replace(/127\.0\.0\.1:\d+/g, "HOST")).toBe(
        "holdfast ready http=http://HOST grpc=HOST ssh=HOST git=HOST",
      );
      const http = /http=(\S+)/.exec(ready)?.[1] ?? "";
      expect((await fetch(`${http}/health/ready`)).status).toBe(200);
      expect(await lineOf(started.stderr, /npx holdfast/)).toContain("user create");
      started.kill("SIGTERM");
      expect(await started.exited).toBe(0);
      const refused = await fetch(http).then(
        () => false,
        () => true,
      );
      expect(refused).toBe(true);
      rmSync(place, { recursive: true });
    },
    NPM_MS,
  );

  test(
    "-- --help prints the command line's help",
    async () => {
      const help = await new Response(npm(["start", "--silent", "--", "--help"]).stdout).text();
      expect(help).toStartWith("Usage: holdfast ");
    },
    NPM_MS,
  );

  test(
    "-- COMMAND runs a command, and passes its exit code on",
    async () => {
      const version = npm(["start", "--silent", "--", "version"]);
      expect(await new Response(version.stdout).text()).toStartWith(`holdfast ${VERSION} `);
      expect(await npm(["start", "--silent", "--", "repo", "creat"]).exited).toBe(2);
    },
    NPM_MS,
  );
});

describe("npx holdfast", () => {
  test(
    "runs the command line",
    async () => {
      const child = Bun.spawn(["npx", "holdfast", "version"], {
        cwd: ROOT,
        env: cleanEnvironment(),
        stdin: "ignore",
        stderr: "ignore",
      });
      expect(await new Response(child.stdout).text()).toStartWith(`holdfast ${VERSION} `);
    },
    NPM_MS,
  );
});
