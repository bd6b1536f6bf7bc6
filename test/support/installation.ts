import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, startServer } from "./running-server.ts";
import { makeTestDatabase } from "./test-databases.ts";

/** Who reads Git's data by default, and where users, keys and records of repositories are kept. */
export type Combination = `${"libgit2" | "shell"} on ${"sqlite" | "postgres"}`;

/** All of them: for stories of the doors. */
export const COMBINATIONS: readonly Combination[] = [
  "libgit2 on sqlite",
  "shell on sqlite",
  "libgit2 on postgres",
  "shell on postgres",
];

/** Each backend and each database once: for stories that take long, or ask little of either. */
export const EACH_ONCE: readonly Combination[] = ["libgit2 on sqlite", "shell on postgres"];

/** A data directory and a database, with which servers run one after the other. */
export interface Installation {
  readonly data: string;
  /** What names the database to a server, or to a command that runs without one. */
  readonly env: Readonly<Record<string, string>>;
  start(env?: Readonly<Record<string, string>>): Promise<RunningServer>;
  /** Removes all of it; its servers have to be gone. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes an empty installation. */
export async function install(combination: Combination): Promise<Installation> {
  const [backend, kind] = combination.split(" on ") as ["libgit2" | "shell", "sqlite" | "postgres"];
  const database = await makeTestDatabase(kind);
  const place = mkdtempSync(join(tmpdir(), "holdfast-story-"));
  const data = join(place, "data");
  const named = database.url === undefined ? {} : { HOLDFAST_DATABASE_URL: database.url };
  const own = { ...named, GIT_BACKEND: backend };
  return {
    data,
    env: own,
    start: (env = {}) => startServer({ data, env: { ...own, ...env } }),
    async [Symbol.asyncDispose]() {
      rmSync(place, { recursive: true, force: true });
      await database.remove();
    },
  };
}
