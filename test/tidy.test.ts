// The tree's own rules. When a review says the same thing twice, it becomes a test here.
import { describe, expect, test } from "bun:test";
import { basename } from "node:path";
import { camelCase, type Import, importsOf, type SourceFile, sourceFiles } from "./support/source-tree.ts";

const FILES = sourceFiles();
const SOURCES = FILES.filter(({ path }) => path.startsWith("src/") && path.endsWith(".ts"));
const CLIENT = FILES.filter(({ path }) => path.startsWith("client/src/") && path.endsWith(".ts"));
const EXAMPLES = FILES.filter(({ path }) => /^examples\/[^/]+\/src\/.*\.ts$/.test(path));
const TESTS = FILES.filter(({ path }) => /^(test|client\/test|examples\/[^/]+\/test)\/.*\.ts$/.test(path));
const PROGRAMS = [...SOURCES, ...CLIENT, ...EXAMPLES];
const CODE = FILES.filter(({ path }) => /\.(ts|mjs|c|h)$/.test(path));

const SOURCE_LINES_MAX = 400;
const TEST_LINES_MAX = 700;

interface Rule {
  /** Areas that may be imported besides the area itself. */
  readonly may: readonly string[];
  /** Areas of which only types may be imported. */
  readonly types?: readonly string[];
}

/** Who may import whom: ARCHITECTURE.md in a form that a machine reads. */
const RULES: Readonly<Record<string, Rule>> = {
  domain: { may: [] },
  version: { may: [] },
  config: { may: ["domain"] },
  contract: { may: ["domain"], types: ["backend"] },
  backend: { may: ["domain"] },
  "backend/libgit2": { may: ["backend", "domain", "native"] },
  "backend/shell": { may: ["backend", "domain"] },
  "backend/routed": { may: ["backend", "domain"] },
  "backend/caching": { may: ["backend", "domain"] },
  "backend/tracing": { may: ["backend", "domain"] },
  "backend/faulty": { may: ["backend", "domain"] },
  wire: { may: ["domain"] },
  // The store of webhooks serves the contract's interface to jobs.
  database: { may: ["domain"], types: ["contract"] },
  jobs: { may: ["domain", "contract"] },
  // Events serves the contract's interface of events to operations.
  events: { may: ["domain"], types: ["contract"] },
  identity: { may: ["domain", "database"], types: ["contract"] },
  // Telemetry implements the engine's recorder; it reaches others by injection.
  telemetry: { may: ["domain"], types: ["contract", "engine", "backend"] },
  storage: { may: ["domain", "backend"], types: ["contract"] },
  // What is on the disk when it is answered, is so in one way.
  sessions: { may: ["domain", "backend/flush"], types: ["backend", "contract"] },
  signing: { may: ["domain"], types: ["contract"] },
  refs: { may: ["domain", "backend", "storage", "events"], types: ["contract"] },
  // Backends arrive through the context; an operation knows only the shape of their answers.
  operations: { may: ["domain", "contract", "wire"], types: ["backend"] },
  engine: { may: ["domain", "contract"] },
  // Commands that are typed on the server and over SSH; they reach operations by name, through their host.
  commands: { may: ["domain"] },
  cli: { may: ["domain", "commands", "config", "version", "cli/serve", "cli/doctor", "transports/control/client"] },
  "cli/serve": { may: ["domain", "config", "cli", "main"] },
  // The doctor loads the addon, in a process of its own, to see whether it can be.
  "cli/doctor": { may: ["domain", "config", "commands", "cli", "transports/control/client", "backend/libgit2"] },
  transports: {
    may: [
      "domain",
      "contract",
      "engine",
      "operations/index",
      "wire",
      // What a door on the shared HTTP port is given and gives back (docs/adr/0013-doors-that-share-the-http-port.md).
      "transports/http/http-door",
      "transports/http/live-socket",
      "transports/http/error-response",
      // What clients keep open, through whichever door (docs/internals/live.md).
      "transports/http/event-stream",
      "transports/http/event-streams",
      "transports/http/live-places",
      // What the doors on the gRPC port share.
      "transports/api/grpc",
      // What the doors that are made from the operation table share (docs/internals/derived-doors.md).
      "transports/api/derived",
    ],
  },
  // The commands that are typed over SSH (docs/adr/0014-commands-reach-operations-by-name.md).
  "transports/git/ssh": { may: ["domain", "contract", "engine", "operations/index", "wire", "commands"] },
  // The command line's half of the control socket: no server behind it.
  "transports/control/client": { may: ["domain"] },
};

/** What each folder and file of client/src may import of its others; `index` and `testing` bring them together. */
const CLIENT_RULES: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  errors: [],
  "call-options": [],
  requests: ["domain"],
  "git-adapter": ["call-options", "domain", "requests"],
  gitaly: ["call-options", "domain", "errors", "git-adapter", "requests"],
  memory: ["call-options", "domain", "errors", "git-adapter", "requests"],
  // What a mock is given as files is kept as real trees.
  mock: ["call-options", "domain", "errors", "git-adapter", "memory", "requests"],
  // It speaks to any adapter, so it knows none.
  contract: ["call-options", "domain", "errors", "git-adapter", "requests"],
  watch: ["call-options", "domain", "errors"],
};

/** Areas with a rule of their own, the longest name first. */
const AREAS = Object.keys(RULES).sort((a, b) => b.length - a.length);

/** `src/backend/shell/refs.ts` belongs to `backend/shell`; doors are areas of their own. */
function areaOf(path: string): string {
  const inner = path.replace(/^src\//, "").replace(/\.ts$/, "");
  if (inner === "main" || inner.startsWith("main/")) return "main";
  if (path.startsWith("native/")) return "native";
  const area = AREAS.find((name) => inner === name || inner.startsWith(`${name}/`));
  return area === "transports" ? doorOf(inner) : (area ?? inner);
}

/** `transports/api/gitaly/refs/list-refs` is in `transports/api/gitaly`; `transports/control/x` in `transports/control`. */
function doorOf(inner: string): string {
  const [, second = "", third = ""] = inner.split("/");
  return ["api", "git", "live"].includes(second) ? `transports/${second}/${third}` : `transports/${second}`;
}

const ruleOf = (area: string): Rule | undefined =>
  RULES[area] ?? (area.startsWith("transports/") ? RULES["transports"] : undefined);

function isAllowed(from: string, { target, typeOnly }: Import): boolean {
  const area = areaOf(target);
  const rule = ruleOf(from);
  if (area === from || rule === undefined) return true;
  if (rule.may.includes(area) || (typeOnly && rule.types?.includes(area))) return true;
  return rule.may.some((may) => target === `src/${may}.ts`);
}

const isOurs = (target: string): boolean => target.startsWith("src/") || target.startsWith("native/");

/** Paths of the files that break a rule; a test expects none. */
const breaking = (files: readonly SourceFile[], breaks: (file: SourceFile) => boolean): string[] =>
  files.filter(breaks).map(({ path }) => path);

describe("imports", () => {
  test("every folder below src has a rule", () => {
    const unknown = SOURCES.filter(({ path }) => areaOf(path) !== "main" && ruleOf(areaOf(path)) === undefined);
    expect(unknown.map(({ path }) => path)).toEqual([]);
  });

  test("follow the table", () => {
    const wrong = SOURCES.flatMap((file) => {
      const area = areaOf(file.path);
      if (area === "main") return [];
      const foreign = importsOf(file).filter(({ target }) => isOurs(target));
      return foreign.filter((each) => !isAllowed(area, each)).map(({ target }) => `${file.path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test("of the client follow its table", () => {
    const areaWithin = (path: string) => path.replace(/^client\/src\//, "").replace(/(\/.*|\.ts)$/, "");
    const wrong = CLIENT.flatMap((file) => {
      const area = areaWithin(file.path);
      if (area === "index" || area === "testing") return [];
      const may = CLIENT_RULES[area];
      if (may === undefined) return [`${file.path} has no rule`];
      const own = importsOf(file).filter(({ target }) => target.startsWith("client/src/"));
      const foreign = own.filter(({ target }) => areaWithin(target) !== area && !may.includes(areaWithin(target)));
      return foreign.map(({ target }) => `${file.path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test("of the client and of the server do not cross, nor do they start at an example", () => {
    const crosses = (from: readonly SourceFile[], banned: RegExp) =>
      breaking(from, (file) => importsOf(file).some(({ target }) => banned.test(target)));
    expect(crosses(CLIENT, /^(src|native|test|bench|examples)\//)).toEqual([]);
    expect(crosses(SOURCES, /^(client|examples)\/|^@holdfast\/client/)).toEqual([]);
    expect(crosses(EXAMPLES, /^(src|native|test|client|bench)\//)).toEqual([]);
  });

  test("of the client are packages it depends on, or Node's own modules by their full name", async () => {
    const { dependencies } = (await Bun.file("client/package.json").json()) as { dependencies: Record<string, string> };
    const nameOf = (target: string) => target.split("/", target.startsWith("@") ? 2 : 1).join("/");
    const isKnown = (target: string) =>
      target.startsWith("client/src/") || target.startsWith("node:") || Object.hasOwn(dependencies, nameOf(target));
    expect(breaking(CLIENT, (file) => importsOf(file).some(({ target }) => !isKnown(target)))).toEqual([]);
  });

  test("only the shell backend, hooks and the command line start processes", () => {
    const allowed = /^src\/(backend\/shell|refs\/hooks|cli)(\/|\.ts)/;
    const starts = /Bun\.spawn|node:child_process|\bBun\.\$|from "bun"/;
    expect(breaking(SOURCES, ({ path, text }) => starts.test(text) && !allowed.test(path))).toEqual([]);
  });

  test("only the libgit2 backend loads the addon", () => {
    const loads = /holdfast\.node|process\.dlopen|\bnative\/build/;
    expect(breaking(SOURCES, ({ path, text }) => loads.test(text) && !path.startsWith("src/backend/libgit2/"))).toEqual(
      [],
    );
  });

  test("nothing in src imports a development dependency or a test", async () => {
    const { devDependencies } = (await Bun.file("package.json").json()) as { devDependencies: Record<string, string> };
    const banned = (target: string) => target.startsWith("test/") || Object.hasOwn(devDependencies, target);
    expect(breaking(SOURCES, (file) => importsOf(file).some(({ target }) => banned(target)))).toEqual([]);
  });
});

describe("operations", () => {
  const files = SOURCES.filter(
    ({ path, text }) => path.startsWith("src/operations/") && text.includes("defineOperation("),
  );
  const nameOf = ({ path }: SourceFile): string => camelCase(basename(path, ".ts"));

  test("are named after their file", () => {
    expect(breaking(files, (file) => !file.text.includes(`name: "${nameOf(file)}"`))).toEqual([]);
  });

  test("live in the folder of a noun", () => {
    expect(breaking(files, ({ path }) => path.split("/").length !== 4)).toEqual([]);
  });

  test("are in the table", () => {
    const table = SOURCES.find(({ path }) => path === "src/operations/every-operation.ts");
    const imported = new Set(table === undefined ? [] : importsOf(table).map(({ target }) => target));
    expect(breaking(files, ({ path }) => !imported.has(path))).toEqual([]);
  });

  test("have a test", () => {
    const described = new Set(
      TESTS.flatMap(({ text }) => [...text.matchAll(/\bdescribe\("(\w+)"/g)].map(([, name]) => name)),
    );
    expect(breaking(files, (file) => !described.has(nameOf(file)))).toEqual([]);
  });

  test("have an example", () => {
    expect(breaking(files, ({ text }) => !/examples: \[\s*\{/.test(text))).toEqual([]);
  });
});

describe("names", () => {
  test("of files are in kebab-case", () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d))?\.(ts|mjs)$/;
    expect(
      breaking(
        CODE.filter(({ path }) => /\.(ts|mjs)$/.test(path)),
        ({ path }) => !kebab.test(basename(path)),
      ),
    ).toEqual([]);
  });

  test("of files and folders say what is inside", () => {
    const empty = /(^|\/|-)(utils?|helpers?|common|manager|misc)(-|\/|\.)/;
    expect(breaking(CODE, ({ path }) => empty.test(path))).toEqual([]);
  });
});

describe("files", () => {
  const linesOf = (text: string): number => text.split("\n").length;

  test("are short enough to be read at one sitting", () => {
    const max = (path: string) => (/(^|\/)test\//.test(path) ? TEST_LINES_MAX : SOURCE_LINES_MAX);
    expect(breaking([...PROGRAMS, ...TESTS], ({ path, text }) => linesOf(text) > max(path))).toEqual([]);
  });

  test("have no default export", () => {
    expect(breaking([...PROGRAMS, ...TESTS], ({ text }) => /^export default\b/m.test(text))).toEqual([]);
  });

  test("leave nothing for later without saying so in SHORTCOMINGS.md", () => {
    const later = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`);
    expect(breaking(CODE, ({ text }) => later.test(text))).toEqual([]);
  });

  test("of tests neither skip nor single out a test", () => {
    const cut = /\b(test|it|describe)\.(only|skip|todo)\(/;
    expect(breaking(TESTS, ({ text }) => cut.test(text))).toEqual([]);
  });

  test("name no place of one machine and no registry", () => {
    const place = new RegExp(
      ["(^|[\\s\"'`=(])/(?:work|root|home)/[\\w.]", "registry\\.[a-z]+\\.(?:org|com)"].join("|"),
      "m",
    );
    expect(breaking(FILES, ({ text }) => place.test(text))).toEqual([]);
  });

  test("of TypeScript switch no check off", () => {
    const off = new RegExp(`@ts-(${"ignore"}|nocheck)|(ox|es)lint-disable(?!-next-line)`);
    expect(
      breaking([...PROGRAMS, ...TESTS], ({ path, text }) => path !== "test/tidy.test.ts" && off.test(text)),
    ).toEqual([]);
  });
});
