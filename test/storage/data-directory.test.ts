import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DATA_FORMAT, openDataDirectory } from "../../src/storage/data-directory.ts";
import { failureOf } from "../support/failure-of.ts";

const MODULE = new URL("../../src/storage/data-directory.ts", import.meta.url).pathname;

async function withDirectory(run: (path: string) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), "holdfast-data-"));
  try {
    await run(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

describe("openDataDirectory", () => {
  test("lets one in, names him to the second, and lets the next in after him", async () => {
    await withDirectory(async (path) => {
      const first = await openDataDirectory(path);
      first.announce("127.0.0.1:8075");
      const message = `${path} is in use by another server (pid=${process.pid} address=127.0.0.1:8075)`;
      expect(await failureOf(openDataDirectory(path))).toMatchObject({ name: "DataDirectoryError", message });
      first.release();
      (await openDataDirectory(path)).release();
    });
  });

  test("is free again when its owner was killed, whatever the owner's children do", async () => {
    await withDirectory(async (path) => {
      const program = `
        import { openDataDirectory } from ${JSON.stringify(MODULE)};
        await openDataDirectory(${JSON.stringify(path)});
        // Until it is another program it has the owner's files, and his lock with them.
        const child = Bun.spawn(["sh", "-c", "echo; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"], detached: true });
        await child.stdout.getReader().read();
        console.log("ready " + child.pid);
        setInterval(() => {}, 1000);`;
      const owner = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
      const [line] = (await once(owner.stdout, "data")) as [Buffer];
      const orphan = Number(line.toString().trim().split(" ")[1]);
      try {
        expect(await failureOf(openDataDirectory(path))).toMatchObject({
          message: expect.stringContaining(`pid=${owner.pid} `),
        });
        owner.kill("SIGKILL");
        await once(owner, "exit");
        (await openDataDirectory(path)).release();
      } finally {
        process.kill(orphan, "SIGKILL");
      }
    });
  });

  test("migrates an older format step by step, refuses a newer one and what is none", async () => {
    await withDirectory(async (path) => {
      (await openDataDirectory(path)).release();
      expect(readFileSync(join(path, "format"), "utf8")).toBe(`${DATA_FORMAT}\n`);
      writeFileSync(join(path, "format"), "0\n");
      const steps: string[] = [];
      const migrations = new Map([[0, async (directory: string) => void steps.push(directory)]]);
      (await openDataDirectory(path, migrations)).release();
      expect(steps).toEqual([path]);
      expect(readFileSync(join(path, "format"), "utf8")).toBe(`${DATA_FORMAT}\n`);
      writeFileSync(join(path, "format"), `${DATA_FORMAT + 1}\n`);
      expect(await failureOf(openDataDirectory(path))).toMatchObject({ name: "DataDirectoryError" });
      writeFileSync(join(path, "format"), "junk");
      expect(await failureOf(openDataDirectory(path))).toMatchObject({ name: "DataDirectoryError" });
      writeFileSync(join(path, "format"), "0");
      expect(await failureOf(openDataDirectory(path, new Map()))).toMatchObject({ name: "DataDirectoryError" });
    });
  });
});
