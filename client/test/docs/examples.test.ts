// The examples of docs/client, as their readers would run them: compiled in strict mode against the packed client, on Node.js.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type RunningServer, startServer } from "../../../test/support/running-server.ts";
import { ROOT } from "../../../test/support/source-tree.ts";
import { type ClientProject, linkPackage, makeClientProject } from "../support/client-project.ts";
import {
  type DocumentationPage,
  documentationPages,
  EXAMPLE_MODULE,
  type ExampleOutcome,
} from "../support/documentation-page.ts";

const PAGES = documentationPages().filter(({ examples }) => examples.length > 0);
/** An example that waits for what does not come is given up with its page. */
const PAGE_MS = 60_000;

let project: ClientProject;
let server: RunningServer;
beforeAll(async () => {
  project = makeClientProject();
  linkPackage(project.folder, "@types/node");
  server = await startServer();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  project?.[Symbol.dispose]();
});

test("the examples compile", () => {
  const sources = PAGES.map(({ name, program }) => project.write(`${name}.ts`, program));
  sources.push(project.write("example.ts", EXAMPLE_MODULE));
  const options = [
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--lib",
    "es2023,esnext.disposable",
    "--types",
    "node",
  ];
  const tsc = ["node", join(ROOT, "node_modules/.bin/tsc"), "--strict", ...options, ...sources];
  const { stdout, exitCode } = Bun.spawnSync(tsc, { cwd: project.folder });
  expect({ output: stdout.toString(), exitCode }).toEqual({ output: "", exitCode: 0 });
});

for (const page of PAGES) {
  describe(`docs/client/${page.name}.md`, () => {
    let outcomes: ReadonlyMap<number, ExampleOutcome>;
    let errors = "";
    beforeAll(async () => {
      ({ outcomes, errors } = await run(page));
    });
    for (const { heading, line } of page.examples) {
      test(`line ${line}: ${heading}`, () => {
        const outcome = outcomes.get(line);
        if (outcome === undefined) throw new Error(`the program did not get there:\n${errors}`);
        expect(outcome.error).toBeNull();
      });
    }
    test("says nothing to stderr", () => expect(errors).toBe(""));
  });
}

async function run({ name }: DocumentationPage) {
  const child = Bun.spawn(["node", `${name}.js`], {
    cwd: project.folder,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOLDFAST_GITALY_ADDRESS: server.addresses["grpc"]!,
      HOLDFAST_URL: server.addresses["http"]!,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: PAGE_MS,
    killSignal: "SIGKILL",
  });
  const [stdout, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const lines = stdout.split("\n").filter((text) => text.startsWith(`{"line":`));
  const outcomes = lines.map((text) => JSON.parse(text) as ExampleOutcome);
  return { outcomes: new Map(outcomes.map((outcome) => [outcome.line, outcome])), errors };
}
