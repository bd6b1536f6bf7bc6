import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gitOutput } from "../../../test/support/git-client.ts";
import { type RunningServer, startServer } from "../../../test/support/running-server.ts";
import { buildExample, type RunningCatalog, settingsFor, startCatalog } from "./support/running-catalog.ts";

const EXAMPLE = join(import.meta.dir, "..");
const ROOT = realpathSync(join(EXAMPLE, "..", ".."));
const PACKAGES = realpathSync(join(ROOT, "node_modules"));

interface Package {
  readonly name: string;
  readonly directory: string;
  readonly dependencies: readonly string[];
}

function readPackage(directory: string): Package {
  const { name, dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(directory, "package.json"), "utf8"),
  ) as { name: string; dependencies?: object; optionalDependencies?: object };
  return { name, directory, dependencies: Object.keys({ ...dependencies, ...optionalDependencies }) };
}

/** Where Node finds a package that is asked for below a directory. */
function find(name: string, from: string): string | undefined {
  const place = join(from, "node_modules", name);
  if (existsSync(join(place, "package.json"))) return realpathSync(place);
  return from === dirname(from) ? undefined : find(name, dirname(from));
}

/** All that is installed with the example, itself included. */
function closure(directory: string, found = new Map<string, Package>()): Map<string, Package> {
  if (found.has(directory)) return found;
  const read = readPackage(directory);
  found.set(directory, read);
  for (const name of read.dependencies) {
    const place = find(name, directory);
    if (place !== undefined) closure(place, found);
  }
  return found;
}

describe("the packages of catalog-api", () => {
  const packages = [...closure(EXAMPLE).values()];

  test("are the client and what GraphQL needs", () => {
    const names = packages.map(({ name }) => name);
    expect(names).toContain("@holdfast/client");
    expect(names).toContain("graphql-yoga");
    expect(names).not.toContain("holdfast");
  });

  test("hold no Git library", () => {
    const libraries = ["nodegit", "isomorphic-git", "simple-git", "dugite", "es-git", "wasm-git", "js-git", "gitlog"];
    const suspicious = /(^|[/-])(lib)?git2?($|[-.])|git$/;
    expect(packages.filter(({ name }) => libraries.includes(name) || suspicious.test(name))).toEqual([]);
    // The rule knows a Git library when it sees one.
    for (const name of [...libraries.slice(0, 7), "@napi-rs/simple-git", "git-raw-commits", "libgit2"]) {
      expect(suspicious.test(name) || libraries.includes(name)).toBe(true);
    }
  });

  test("hold no machine code that could be one", () => {
    const compiled = packages.flatMap(({ directory }) =>
      readdirSync(directory, { recursive: true, encoding: "utf8" }).filter(
        (path) => /\.(node|wasm|so|dylib|dll)$/.test(path) && !/(^|\/)node_modules\//.test(path),
      ),
    );
    expect(compiled).toEqual([]);
  });
});

/** Node's own guard (nodejs.org/api/permissions.html): what it does not allow fails in the process, whoever asks. */
const guardedNode = (readable: readonly string[]): string[] => {
  const help = Bun.spawnSync(["node", "--help"]).stdout.toString();
  const guard = /--permission\b/.test(help) ? "--permission" : "--experimental-permission";
  const network = /--allow-net\b/.test(help) ? ["--allow-net"] : [];
  return ["node", guard, ...network, "--no-warnings", ...readable.map((path) => `--allow-fs-read=${path}`)];
};

describe("the process of catalog-api", () => {
  const place = mkdtempSync(join(tmpdir(), "holdfast-guarded-"));
  let server: RunningServer;
  let catalog: RunningCatalog;
  // Its own code and its packages; no other file, no change of any file, no process, no worker, no addon.
  const guarded = guardedNode([
    join(realpathSync(EXAMPLE), "*"),
    join(PACKAGES, "*"),
    // A link, where it is one; Node's guard takes no path twice.
    ...(PACKAGES === join(ROOT, "node_modules") ? [] : [join(ROOT, "node_modules")]),
    join(realpathSync(join(PACKAGES, "@holdfast", "client")), "*"),
    // Names of the folders above and what kind of module is in them.
    join(ROOT, "package.json"),
  ]);

  beforeAll(async () => {
    await buildExample();
    server = await startServer({ data: join(place, "data"), env: { HOLDFAST_ANON_ACCESS: "read-write" } });
    const settings = { ...settingsFor(server), CATALOG_REPO: "shop/guarded" };
    catalog = await startCatalog([...guarded, join(EXAMPLE, "dist", "main.js")], settings);
  });
  afterAll(async () => {
    await catalog?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
  });

  const repository = () => join(server.storage, "shop", "guarded.git");

  test("is not able to open a file of the repository, to write one, or to start a program", () => {
    const attempts = `
      const attempts = {
        open: () => require("node:fs").openSync(process.argv[1] + "/HEAD"),
        write: () => require("node:fs").writeFileSync(process.argv[1] + "/written", ""),
        start: () => require("node:child_process").execFileSync("git", ["--version"]),
      };
      for (const [name, attempt] of Object.entries(attempts)) {
        try { attempt(); console.log(name, "done"); } catch (error) { console.log(name, error.code); }
      }`;
    const { stdout } = Bun.spawnSync([...guarded, "-e", attempts, repository()]);
    expect(existsSync(join(repository(), "HEAD"))).toBe(true);
    expect(stdout.toString()).toBe("open ERR_ACCESS_DENIED\nwrite ERR_ACCESS_DENIED\nstart ERR_ACCESS_DENIED\n");
  });

  test("does all its work all the same", async () => {
    const create = `mutation ($sku: ID!) {
      createProduct(input: { sku: $sku, name: "Lamp", priceCents: 1, currency: "EUR" }) { commitId }
    }`;
    const skus = Array.from({ length: 10 }, (_, n) => `LAMP-${n}`);
    for (const answer of await Promise.all(skus.map((sku) => catalog.ask(create, { sku })))) {
      expect(answer.errors).toBeUndefined();
    }
    await catalog.ask('mutation { updateProduct(sku: "LAMP-0", input: { name: "Bulb" }) { commitId } }');
    await catalog.ask('mutation { deleteProduct(sku: "LAMP-9") { commitId } }');
    const { data } = await catalog.ask('mutation { publishRelease(name: "v1", message: "One") { commitId } }');
    const released = data!.publishRelease.commitId;
    for await (const { commitId } of catalog.states()) if (commitId === released) break;
    const products = await catalog.ask("{ products { sku name } }");
    expect(products.data!.products).toHaveLength(9);
    expect(products.data!.products[0]).toEqual({ sku: "LAMP-0", name: "Bulb" });
    expect(await gitOutput(place, ["-C", repository(), "rev-parse", "v1^{commit}"])).toBe(released);
  });

  test("has no child, and no file of the data directory is open in it", () => {
    // Linux tells; elsewhere Node's guard has to do.
    if (process.platform !== "linux") return;
    expect(readFileSync(`/proc/${catalog.pid}/task/${catalog.pid}/children`, "utf8")).toBe("");
    const maps = readFileSync(`/proc/${catalog.pid}/maps`, "utf8");
    expect(maps).not.toContain(server.data);
    expect(maps).not.toMatch(/libgit|\.node$/m);
  });
});
