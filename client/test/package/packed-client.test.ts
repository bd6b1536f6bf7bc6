// What users get: the package as npm packs it, installed in a folder that has nothing else.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningServer, startServer } from "../../../test/support/running-server.ts";
import { ROOT, sourceFiles } from "../../../test/support/source-tree.ts";
import { type ClientProject, linkPackage, makeClientProject } from "../support/client-project.ts";
import { codeBlocks } from "../support/marked-code.ts";

let project: ClientProject;
beforeAll(() => {
  project = makeClientProject();
});
afterAll(() => project?.[Symbol.dispose]());

/** Runs a program in the project's folder; its environment is what is given and the way to programs. */
async function run(program: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([...program], {
    cwd: project.folder,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

describe("the package", () => {
  test("holds what is built and nothing else", () => {
    const modules = sourceFiles()
      .filter(({ path }) => path.startsWith("client/src/"))
      .map(({ path }) => path);
    const generated = new Bun.Glob("client/src/**/generated/**/*.ts").scanSync({ cwd: ROOT });
    const built = [...modules, ...generated].flatMap((path) => {
      const module = path.replace(/^client\/src\//, "dist/").replace(/\.ts$/, "");
      return [`${module}.js`, `${module}.js.map`, `${module}.d.ts`];
    });
    expect(project.packed).toEqual(["LICENSE", "README.md", "package.json", ...built].sort());
  });

  test("carries the sources in its source maps, and no place of the machine it was built on", () => {
    const map = readFileSync(join(project.folder, "node_modules/@holdfast/client/dist/errors.js.map"), "utf8");
    const { sources, sourcesContent } = JSON.parse(map) as { sources: string[]; sourcesContent: string[] };
    expect(sourcesContent).toEqual([readFileSync(join(ROOT, "client/src/errors.ts"), "utf8")]);
    expect(sources).toEqual(["../src/errors.ts"]);
  });
});

const RUNTIMES = { "Node.js": ["node"], Bun: [process.execPath] } as const;

describe("each entry", () => {
  const names = {
    "@holdfast/client": ["GitalyClient", "GitError", "watchRepository", "appUserId"],
    "@holdfast/client/testing": ["MemoryGitAdapter", "MockGitAdapter", "gitAdapterContract", "registerContract"],
  };
  for (const [runtime, command] of Object.entries(RUNTIMES)) {
    for (const [entry, exported] of Object.entries(names)) {
      test(`${entry} is imported on ${runtime}`, async () => {
        const program = `import * as entry from ${JSON.stringify(entry)};
for (const name of ${JSON.stringify(exported)}) console.log(name, typeof entry[name]);`;
        const { stdout, stderr } = await run([...command, project.write("import.mjs", program)]);
        expect(stderr).toBe("");
        expect(stdout.trim().split("\n")).toEqual(exported.map((name) => `${name} function`));
      });
    }
  }

  test("hides what is inside", async () => {
    const path = project.write("inside.mjs", `await import("@holdfast/client/dist/errors.js");`);
    expect((await run(["node", path])).stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });
});

test("the contract of adapters runs with the runner of Node.js", async () => {
  const program = `import { describe, test } from "node:test";
import { gitAdapterContract, MemoryGitAdapter, registerContract } from "@holdfast/client/testing";
let made = 0;
const user = { glId: "user-1", name: "Alice", email: "alice@example.com" };
const context = () => ({ adapter: new MemoryGitAdapter(), repo: { storage: "default", relativePath: \`\${made++}.git\` }, user });
registerContract({ describe, test }, context, { name: "memory" });
process.on("exit", () => console.error(made === gitAdapterContract().length ? "all" : "some"));`;
  const { code, stdout, stderr } = await run(["node", project.write("contract.mjs", program)]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "all\n" });
  expect(stdout).toMatch(/^# fail 0$/m);
});

describe("the program of the README", () => {
  const readme = readFileSync(join(ROOT, "client/README.md"), "utf8");
  const program = codeBlocks(readme).find(({ language }) => language === "js")?.code ?? "";
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test("has ten lines", () => {
    expect(program.split("\n").filter((line) => line.trim() !== "")).toHaveLength(10);
  });

  for (const [runtime, command] of Object.entries(RUNTIMES)) {
    test(`reads and writes a repository on ${runtime}`, async () => {
      const relativePath = `alice/${runtime.toLowerCase()}.git`;
      const path = project.write("first.mjs", program.replaceAll("alice/notes.git", relativePath));
      const environment = { HOLDFAST_GITALY_ADDRESS: server.addresses["grpc"]! };
      const { code, stdout, stderr } = await run([...command, path], environment);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const git = ["git", "-C", join(server.storage, relativePath)];
      const [id, subject, author] = Bun.spawnSync([...git, "log", "--format=%H%n%s%n%an <%ae>", "main"])
        .stdout.toString()
        .split("\n");
      expect({ subject, author }).toEqual({ subject: "First note", author: "Alice <alice@example.com>" });
      expect(stdout).toContain(id!);
      const content = Bun.spawnSync([...git, "show", "main:hello.md"]).stdout.toString();
      expect(content).toBe("# Hello\n");
      expect(stdout).toContain(content);
    });
  }
});

describe("the types", () => {
  const CONSUMER = `
import { ConflictError, GitalyClient, NotFoundError, watchRepository, type GitAdapter, type GitCommit } from "@holdfast/client";
import { MemoryGitAdapter, MockGitAdapter } from "@holdfast/client/testing";

export async function rename(git: GitAdapter, signal: AbortSignal): Promise<GitCommit | null> {
  const repo = { storage: "default", relativePath: "alice/notes.git" };
  const user = { glId: "user-1", name: "Alice", email: "alice@example.com" };
  try {
    const { commitId } = await git.commitFiles(
      repo,
      { branch: "main", message: "Rename", user, actions: [{ type: "move", path: "b", previousPath: "a" }] },
      { signal, timeoutMs: 5_000 },
    );
    for await (const piece of git.streamBlob(repo, { revision: commitId, path: "b" })) piece.byteLength;
    return await git.findCommit(repo, commitId);
  } catch (error) {
    if (error instanceof ConflictError) return null;
    if (error instanceof NotFoundError) throw new Error(error.detail?.reference ?? error.code);
    throw error;
  }
}

export const adapters: GitAdapter[] = [
  new GitalyClient({ address: "127.0.0.1:8075" }),
  new MemoryGitAdapter(),
  new MockGitAdapter(),
];
export const watch: unknown = watchRepository;
`;

  // Before TypeScript 5.7 an array of bytes has no parameter, and inferred types write one.
  test("are understood by compilers from before arrays of bytes had a parameter", () => {
    const folder = join(project.folder, "node_modules/@holdfast/client");
    const read = (path: string) => readFileSync(join(folder, path), "utf8");
    const shown = project.packed.filter((path) => /^dist\/(?!gitaly\/).*\.d\.ts$/.test(path));
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.filter((path) => /Uint8Array</.test(read(path)))).toEqual([]);
  });

  for (const module of ["nodenext", "preserve"]) {
    test(`compile in strict mode with module ${module}`, async () => {
      linkPackage(project.folder, "@types/node");
      const path = project.write(`consumer-${module}.ts`, CONSUMER);
      const strict = [
        "--strict",
        "--exactOptionalPropertyTypes",
        "--noUncheckedIndexedAccess",
        "--skipLibCheck",
        "false",
      ];
      const options = [
        "--noEmit",
        "--target",
        "es2022",
        "--lib",
        "es2023,esnext.disposable",
        "--types",
        "node",
        ...strict,
      ];
      const tsc = join(ROOT, "node_modules/.bin/tsc");
      const { stdout, code } = await run(["node", tsc, "--module", module, ...options, path]);
      expect({ stdout, code }).toEqual({ stdout: "", code: 0 });
    });
  }
});
