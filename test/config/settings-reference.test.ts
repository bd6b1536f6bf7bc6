import { describe, expect, test } from "bun:test";
import { SETTINGS } from "../../src/config/settings.ts";
import { fileKey, flag, type Setting, variable } from "../../src/config/setting.ts";
import { settingsReference } from "../../src/config/settings-reference.ts";

describe("settingsReference", () => {
  test("names every setting by key, variable and flag, and its default", () => {
    const rows = settingsReference().split("\n");
    for (const [name, setting] of Object.entries<Setting<unknown>>(SETTINGS)) {
      const row = rows.find((line) => line.startsWith(`| \`${fileKey(name)}\``)) ?? "";
      expect(row).toContain(variable(name));
      expect(row).toContain(setting.meaning);
      if (setting.later === undefined) expect(row).toContain(`\`${flag(name)}\``);
    }
  });

  test("every default is a value that its own parser takes", () => {
    for (const setting of Object.values<Setting<unknown>>(SETTINGS)) {
      const text = setting.default.replaceAll("<data>", "/data");
      expect(() => setting.parse(text, { cwd: "/", data: "/data" })).not.toThrow();
    }
  });
});
