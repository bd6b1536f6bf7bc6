import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commandsReference } from "../../src/cli/commands-reference.ts";
import { COMMAND, holdfast } from "../support/running-server.ts";

const PAGE = join(COMMAND, "..", "..", "..", "docs", "reference", "commands.md");

describe("docs/reference/commands.md", () => {
  test("is what the commands say of themselves", () => {
    expect(readFileSync(PAGE, "utf8")).toBe(commandsReference());
  });

  test("has every command that help lists, with its words", async () => {
    const page = commandsReference();
    for (const group of ["repo", "repo collab", "user", "key", "token", "settings", "backend"]) {
      const { stdout } = await holdfast([...group.split(" "), "--help"]);
      const listed = [...stdout.matchAll(/^ {2}([a-z-]+)(?:\|[a-z-]+)? /gm)].map(([, name]) => name);
      expect(listed.length).toBeGreaterThan(2);
      for (const name of listed.filter((each) => each !== "help")) expect(page).toContain(`\`${group} ${name}`);
    }
  });
});
