import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStorages } from "../../src/storage/storages.ts";
import { failureOf } from "../support/failure-of.ts";

const MODULE = new URL("../../src/storage/storages.ts", import.meta.url).pathname;

async function withDirectory(run: (path: string) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), "holdfast-storages-"));
  try {
    await run(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

describe("createStorages", () => {
  test("refuses a storage that another has and touches none; takes it once it is closed", async () => {
    await withDirectory(async (path) => {
      const [shared, own] = [join(path, "shared"), join(path, "own")];
      const first = await createStorages(new Map([["one", shared]]));
      const quarantines = [first.get("one").quarantineDir, join(own, "+holdfast/quarantine")];
      for (const quarantine of quarantines) mkdirSync(join(quarantine, "incoming"), { recursive: true });
      const roots = new Map([
        ["own", own],
        ["default", shared],
      ]);
      const message = `storage default at ${shared} is in use by another server (pid=${process.pid})`;
      expect(await failureOf(createStorages(roots))).toMatchObject({ name: "StorageInUseError", message });
      for (const quarantine of quarantines) expect(existsSync(join(quarantine, "incoming"))).toBe(true);
      // What the refused one had taken already is free again.
      (await createStorages(new Map([["own", own]]))).close();
      first.close();
      (await createStorages(roots)).close();
      for (const quarantine of quarantines) expect(existsSync(join(quarantine, "incoming"))).toBe(false);
    });
  });

  test("takes the storage of a server that was killed, whatever its children do", async () => {
    await withDirectory(async (path) => {
      const program = `
        import { createStorages } from ${JSON.stringify(MODULE)};
        await createStorages(new Map([["default", ${JSON.stringify(path)}]]));
        const child = Bun.spawn(["sleep", "60"], { stdio: ["ignore", "ignore", "ignore"], detached: true });
        console.log("ready " + child.pid);
        setInterval(() => {}, 1000);`;
      const owner = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
      const [line] = (await once(owner.stdout, "data")) as [Buffer];
      const orphan = Number(line.toString().trim().split(" ")[1]);
      const roots = new Map([["default", path]]);
      try {
        expect(await failureOf(createStorages(roots))).toMatchObject({
          message: expect.stringContaining(`(pid=${owner.pid})`),
        });
        owner.kill("SIGKILL");
        await once(owner, "exit");
        (await createStorages(roots)).close();
      } finally {
        process.kill(orphan, "SIGKILL");
      }
    });
  });
});
