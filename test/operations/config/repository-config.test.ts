import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RepositoryRef } from "../../../src/contract/repository-ref.ts";
import { CONFIG_VARIABLES } from "../../../src/domain/repository-config.ts";
import { listConfig } from "../../../src/operations/config/list-config.ts";
import { setConfig } from "../../../src/operations/config/set-config.ts";
import { showConfig } from "../../../src/operations/config/show-config.ts";
import { unsetConfig } from "../../../src/operations/config/unset-config.ts";
import { failureOf } from "../../support/failure-of.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { openTestEngine, type TestEngine } from "../../support/test-engine.ts";

for (const backend of ["libgit2", "shell"] as const) {
  describe(`configuration over ${backend}`, () => {
    let story: TestEngine;
    let repository: RepositoryRef;
    let git: TemporaryRepository;

    const set = (key: string, value: string) => story.engine.run(setConfig, { repository, key, value }, story.caller);
    const unset = (key: string) => story.engine.run(unsetConfig, { repository, key }, story.caller);
    const show = (key: string) => story.engine.run(showConfig, { repository, key }, story.caller);
    const file = () => join(git.path, "config");

    beforeAll(async () => {
      story = await openTestEngine({ backend });
      repository = await story.createRepository("configured");
      git = TemporaryRepository.at(story.pathOf(repository));
    });
    afterAll(() => story.close());

    describe("setConfig", () => {
      test("sets what git reads, and leaves the rest as it is", async () => {
        const before = readFileSync(file(), "utf8");
        expect(await set("receive.denyNonFastForwards", "yes")).toMatchObject({
          key: "receive.denyNonFastForwards",
          value: "true",
          type: "boolean",
        });
        expect(await git.text(["config", "--get", "receive.denyNonFastForwards"])).toBe("true");
        expect(readFileSync(file(), "utf8")).toStartWith(before);
        expect(existsSync(`${file()}.lock`)).toBe(false);
      });

      test("has one value afterwards, and knows keys in any case", async () => {
        writeFileSync(file(), `${readFileSync(file(), "utf8")}[pack]\n\tdepth = 1\n[pack]\n\tdepth = 2 ; why\n`);
        expect(await set("PACK.DEPTH", "20")).toMatchObject({ key: "pack.depth", value: "20" });
        expect(await git.text(["config", "--get-all", "pack.depth"])).toBe("20");
        expect(await set("gc.bigPackThreshold", "512M")).toMatchObject({ value: "512m" });
        expect(await git.text(["config", "--type=int", "gc.bigPackThreshold"])).toBe(String(512 * 1024 * 1024));
      });

      test("takes neither other keys nor values that do not fit", async () => {
        const before = readFileSync(file(), "utf8");
        for (const key of [
          "core.hooksPath",
          "core.sshCommand",
          "remote.origin.url",
          "include.path",
          "core.bare",
          "--help",
        ])
          expect(await failureOf(set(key, "true"))).toMatchObject({
            reason: "invalid_input",
            details: { field: "key" },
          });
        expect(await failureOf(set("receive.denyDelete", "true"))).toMatchObject({
          details: { problem: expect.stringContaining("did you mean receive.denyDeletes?") },
        });
        const wrong = {
          "receive.denyDeletes": "maybe",
          "pack.depth": "251",
          "pack.window": "-1",
          "gc.bigPackThreshold": "1t",
        };
        for (const [key, value] of Object.entries(wrong))
          expect(await failureOf(set(key, value))).toMatchObject({
            reason: "invalid_input",
            details: { field: "value" },
          });
        expect(await failureOf(set("pack.depth", "1\n[core]\nbare=false"))).toMatchObject({ reason: "invalid_input" });
        expect(readFileSync(file(), "utf8")).toBe(before);
      });

      test("waits for nobody who writes already", async () => {
        writeFileSync(`${file()}.lock`, "somebody else's");
        expect(await failureOf(set("pack.depth", "3"))).toMatchObject({ reason: "repository_locked" });
        expect(readFileSync(`${file()}.lock`, "utf8")).toBe("somebody else's");
        rmSync(`${file()}.lock`);
      });
    });

    describe("unsetConfig", () => {
      test("takes all values out, once and again", async () => {
        await set("receive.denyDeletes", "true");
        await unset("receive.denydeletes");
        await unset("receive.denyDeletes");
        expect(await show("receive.denyDeletes")).not.toHaveProperty("value");
        expect(await git.text(["config", "--list"])).not.toContain("denydeletes");
      });
    });

    describe("showConfig", () => {
      test("shows the value that git takes: the last one", async () => {
        writeFileSync(file(), `${readFileSync(file(), "utf8")}[gc]\n\tpackRefs\n[gc]\n\tpackRefs = off\n`);
        expect((await show("gc.packRefs")).value).toBe("off");
        expect(await failureOf(show("user.name"))).toMatchObject({ reason: "invalid_input" });
      });
    });

    describe("listConfig", () => {
      test("lists every variable that may be changed, also where there is no configuration", async () => {
        const items = async () =>
          (await Array.fromAsync(story.engine.run(listConfig, { repository }, story.caller))).flat();
        expect((await items()).map(({ key }) => key)).toEqual(CONFIG_VARIABLES.map(({ key }) => key));
        expect((await items()).find(({ key }) => key === "receive.denyNonFastForwards")?.value).toBe("true");
      });
    });
  });
}
