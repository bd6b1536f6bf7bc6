import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "../../../test/support/source-tree.ts";

const CLIENT = join(ROOT, "client");
const PACKAGE = "@holdfast/client";

/** An application's folder outside the checkout, with the packed client installed and nothing else but what that depends on. */
export interface ClientProject extends Disposable {
  readonly folder: string;
  /** Paths of the files in the package, sorted. */
  readonly packed: readonly string[];
  /** Writes a file and answers its path. */
  write(name: string, text: string): string;
}

/**
 * Packs the client and installs it without a registry: the tarball is unpacked where npm would put it, and the packages it depends on
 * are linked from those of the checkout. What the package does not name among its dependencies is not found.
 */
export function makeClientProject(): ClientProject {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-client-"));
  try {
    buildClient();
    const tarball = pack(folder);
    const packed = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
    install(folder, tarball);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "application", private: true, type: "module" }));
    return {
      folder,
      packed: packed.map((path) => path.replace(/^package\//, "")).sort(),
      write(name, text) {
        const path = join(folder, name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
        return path;
      },
      [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Quick when it is up to date. */
function buildClient(): void {
  execFileSync("node", [join(ROOT, "scripts", "client.mjs")], { stdio: ["ignore", "pipe", "pipe"] });
}

/** Packing asks no registry; its scripts would build what is built already. */
function pack(folder: string): string {
  const args = ["pack", "--offline", "--ignore-scripts", "--json", "--pack-destination", folder];
  const answer = execFileSync("npm", args, { cwd: CLIENT, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const [{ filename }] = JSON.parse(answer) as [{ filename: string }];
  return join(folder, filename);
}

function install(folder: string, tarball: string): void {
  const place = join(folder, "node_modules", PACKAGE);
  mkdirSync(place, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", place, "--strip-components=1"]);
  rmSync(tarball);
  const { dependencies } = JSON.parse(readFileSync(join(place, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) linkPackage(folder, name);
}

/** Links a package of the checkout into a project; those that it depends on itself it finds from where it is. */
export function linkPackage(folder: string, name: string): void {
  const found = [CLIENT, ROOT].map((at) => join(at, "node_modules", name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is not installed in the checkout`);
  const link = join(folder, "node_modules", name);
  if (existsSync(link)) return;
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(found, link);
}
