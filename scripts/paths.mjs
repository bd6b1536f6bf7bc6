// Where things are, whatever folder a script is called from.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const modules = join(root, "node_modules");

/** Bun as the npm package installs it: a name that is the same on every platform. */
export const bun = join(modules, "bun", "bin", "bun.exe");

/** A program of a development dependency. */
export const tool = (name) => join(modules, ".bin", name);
