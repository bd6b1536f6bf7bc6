import { describe, expect, test } from "bun:test";
import Ajv2020 from "ajv/dist/2020.js";
import { operations } from "../../../src/operations/index.ts";
import { type Tool, toolsOf } from "../../../src/transports/api/mcp/tool.ts";
import { describeToolsets, parseToolsets } from "../../../src/transports/api/mcp/toolsets.ts";

const TOOLS = toolsOf(operations);
const NAMES = TOOLS.map(({ name }) => name);
const DEFAULTS = TOOLS.filter(({ isDefault }) => isDefault);

/** Names of the tools that something is not so of; a test expects none. */
const without = (holds: (tool: Tool) => boolean): string[] =>
  TOOLS.filter((tool) => !holds(tool)).map(({ name }) => name);

const toolOf = (name: string): Tool => TOOLS.find((tool) => tool.name === name)!;

describe("tools", () => {
  test("are all operations that have a route, and a few that have none", () => {
    const names = TOOLS.map(({ derived }) => derived.operation.name);
    const routed = operations.filter(({ route }) => route !== undefined).map(({ name }) => name);
    expect(routed.filter((name) => !names.includes(name))).toEqual([]);
    expect(names.filter((name) => !routed.includes(name))).toEqual(["cloneRepository", "listEvents"]);
  });

  test("have names of their own, in snake_case", () => {
    expect(new Set(NAMES).size).toBe(NAMES.length);
    expect(NAMES.filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([]);
    expect(toolOf("get_blob").derived.operation.name).toBe("getFile");
  });

  test("of the default set are few, and enough for a session's whole life", () => {
    const names = DEFAULTS.map(({ name }) => name);
    expect(names.length).toBeLessThanOrEqual(30);
    expect(names).toEqual(
      expect.arrayContaining([
        "open_session",
        "read_worktree_file",
        "write_worktree_file",
        "stage",
        "stage_patch",
        "worktree_status",
        "show_worktree_diff",
        "commit_worktree",
        "push_session",
        "search_files",
        "get_blob",
        "show_log",
        "browse_repositories",
        "list_files",
        "list_events",
      ]),
    );
    // An agent reads all of it before its first call.
    expect(JSON.stringify(DEFAULTS.map(({ definition }) => definition)).length).toBeLessThan(80_000);
  });

  test("have schemas that need nothing else, and are valid", () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false, formats: { "date-time": true } });
    for (const { definition } of TOOLS) {
      expect(JSON.stringify(definition)).not.toContain("$ref");
      for (const schema of [definition.inputSchema, definition.outputSchema]) {
        expect(schema.type).toBe("object");
        ajv.compile(schema);
      }
      expect(definition.inputSchema["additionalProperties"]).toBe(false);
    }
  });

  test("say what they are for with an example that fits the schema", () => {
    const ajv = new Ajv2020({ strict: false, formats: { "date-time": true } });
    const problems = TOOLS.filter(({ definition }) => {
      const [, example] = /\nExample \(.*\): (\{.*\})$/.exec(definition.description) ?? [];
      const partial = { ...definition.inputSchema, required: [] };
      return example === undefined || !ajv.validate(partial, JSON.parse(example));
    });
    expect(problems.map(({ name }) => name)).toEqual([]);
  });

  test("say whether they change something, and whether it can be had back", () => {
    expect(
      without(({ derived, definition }) => definition.annotations.readOnlyHint === (derived.operation.kind === "read")),
    ).toEqual([]);
    expect(
      without(({ definition: { annotations } }) => !(annotations.readOnlyHint && annotations.destructiveHint)),
    ).toEqual([]);
    const destructive = TOOLS.filter(({ definition }) => definition.annotations.destructiveHint);
    expect(destructive.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "remove_repository",
        "reset_session",
        "discard_changes",
        "amend_commit",
        "rebase_branch",
      ]),
    );
    expect(destructive.map(({ name }) => name)).not.toContain("commit_worktree");
    expect(toolOf("push_session").definition.annotations).toMatchObject({ idempotentHint: true, openWorldHint: false });
    expect(toolOf("start_clone").definition.annotations.openWorldHint).toBe(true);
  });

  test("are each in a toolset that agents are told of", () => {
    const told = describeToolsets();
    expect(without(({ toolset }) => told.includes(`${toolset} (`))).toEqual([]);
  });
});

describe("a choice of toolsets", () => {
  const known = new Set(TOOLS.map(({ toolset }) => toolset));

  test("is a list of names; none is the default set", () => {
    expect([...parseToolsets(" default, history,", known)]).toEqual(["default", "history"]);
    expect([...parseToolsets("", known)]).toEqual(["default"]);
  });

  test("is refused where there is no such set, with the nearest one", () => {
    expect(() => parseToolsets("histroy", known)).toThrow("invalid input");
    try {
      parseToolsets("histroy", known);
    } catch (error) {
      expect(error).toMatchObject({ details: { problem: "histroy is no toolset; did you mean history?" } });
    }
  });
});
