// Sessions in which everything is done at once, of a server that is killed again and again: what was answered is there.
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { Dice } from "../support/dice.ts";
import { type RunningServer, startServer } from "../support/running-server.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

/** Another seed gives other work, and other moments. */
const SEED = 11;
const ROUNDS = 3;
const TOKEN = "story-admin-token";
/** The longest that automatic commits may take on a machine that does other things. */
const PATIENCE_MS = 60_000;
const BASE = "/v1/repos/alice%2Fdemo";

/** A session, and what its client knows of it. */
class Client {
  readonly id: string;
  /** By path: what may be in the file, the last that was answered and those that were under way. */
  readonly written = new Map<string, { readonly may: Set<string>; isAnswered: boolean }>();
  readonly commits: string[] = [];
  readonly #call: Call;

  constructor(id: string, call: Call) {
    this.id = id;
    this.#call = call;
  }

  /** Does one thing, whatever the dice say. */
  async act(dice: Dice, turn: number): Promise<void> {
    const what = dice.below(10);
    if (what < 5) return await this.#write(`d${dice.below(3)}/w${dice.below(6)}`, `${this.id} ${turn}\n`);
    const [path] = this.written.keys();
    if (what < 7 && path !== undefined) {
      expect((await this.#call("POST", `${BASE}/stage?session=${this.id}`, { path })).status).toBe(200);
    } else if (what < 9) {
      const made = await this.#call("POST", `${BASE}/sessions/${this.id}/commit`, { message: `${turn}` });
      if (made.status === 200) this.commits.push(String(made.body["commit"]));
      else expect(made.body["reason"]).toBe("nothing_to_commit");
    } else {
      const saved = await this.#call("POST", `${BASE}/stash?session=${this.id}`, { includeUntracked: true });
      if (saved.status === 201)
        expect((await this.#call("POST", `${BASE}/stash/0/pop?session=${this.id}`, {})).body["dropped"]).toBe(true);
      else expect(saved.body["reason"]).toBe("nothing_to_stash");
    }
  }

  /** What was answered is in the files, or else in a stash that the server was killed in the middle of. */
  async check(worktree: TemporaryRepository, repository: TemporaryRepository): Promise<void> {
    const stashes = (await worktree.text(["stash", "list", "--format=%H"])).split("\n").filter(Boolean);
    for (const [path, { may, isAnswered }] of this.written) {
      const places = stashes.flatMap((oid) => [`${oid}:${path}`, `${oid}^3:${path}`]);
      const kept = await Promise.all(
        places.map((place) => worktree.git(["cat-file", "blob", place]).then(String, () => "")),
      );
      const read = await this.#call("GET", `${BASE}/sessions/${this.id}/files?path=${encodeURIComponent(path)}`);
      const found = [String(read.body["content"]), ...kept].filter((content) => may.has(content));
      if (isAnswered) expect({ path, isThere: found.length > 0 }).toEqual({ path, isThere: true });
    }
    const head = await worktree.text(["rev-parse", "HEAD"]);
    for (const commit of this.commits) {
      await worktree.git(["merge-base", "--is-ancestor", commit, head]);
      await repository.git(["cat-file", "-e", commit]);
    }
    await worktree.git(["fsck"]);
  }

  async #write(path: string, content: string): Promise<void> {
    const known = this.written.get(path) ?? { may: new Set<string>(), isAnswered: false };
    this.written.set(path, known);
    known.may.add(content);
    expect((await this.#call("PUT", `${BASE}/sessions/${this.id}/files`, { path, content })).status).toBe(200);
    this.written.set(path, { may: new Set([content]), isAnswered: true });
  }
}

type Call = (
  method: string,
  path: string,
  body?: unknown,
) => Promise<{ status: number; body: Record<string, unknown> }>;

class Killed extends Error {}

const callerOf =
  (serverNow: () => RunningServer, isKilled: () => boolean): Call =>
  async (method, path, body) => {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const sent = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    try {
      const response = await fetch(`${serverNow().addresses["http"]}${path}`, sent);
      const text = await response.text();
      return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
    } catch (error) {
      throw isKilled() ? new Killed() : error;
    }
  };

describe("sessions of a server that is killed", () => {
  for (const backend of ["libgit2", "shell"] as const)
    test(`keep what was answered (${backend})`, async () => {
      const dice = new Dice(SEED);
      const env = { HOLDFAST_ADMIN_TOKEN: TOKEN, HOLDFAST_SESSION_AUTOCOMMIT_MS: "500", HOLDFAST_BACKEND: backend };
      await using first = await startServer({ env });
      let server: RunningServer = first;
      let isKilled = false;
      const call = callerOf(
        () => server,
        () => isKilled,
      );
      await call("POST", "/api/repos", { owner: "alice", name: "demo" });
      const repository = TemporaryRepository.at(`${first.storage}/alice/demo.git`);
      await repository.commit({ files: { "d0/a": "a\n", "d1/b": "b\n" } });
      const clients: Client[] = [];
      for (const checkout of ["full", "lazy"]) {
        const opened = await call("POST", `${BASE}/sessions`, { from: "main", checkout });
        clients.push(new Client(String(opened.body["id"]), call));
      }
      try {
        let turn = 0;
        for (let round = 0; round < ROUNDS; round++) {
          const killAt = turn + 8 + dice.below(20);
          const work = clients.map(async (client) => {
            while (!isKilled) await client.act(dice, turn++);
          });
          const watch = async () => {
            while (turn < killAt) await Bun.sleep(1);
            // Somewhere in the middle of what is under way.
            await Bun.sleep(dice.below(30));
            isKilled = true;
            await server.kill();
          };
          const ends = await Promise.allSettled([...work, watch()]);
          for (const end of ends) if (end.status === "rejected" && !(end.reason instanceof Killed)) throw end.reason;
          server = await startServer({ env, data: first.data });
          isKilled = false;
          for (const client of clients) {
            const directory = `${first.data}/sessions/${client.id}`;
            await client.check(TemporaryRepository.at(`${directory}/worktree`), repository);
          }
          await repository.git(["fsck", "--strict"]);
        }
        const endsAtMs = performance.now() + PATIENCE_MS;
        for (const { id } of clients) {
          // Left alone it is committed, whatever the last server was killed in.
          while ((await call("GET", `${BASE}/sessions/${id}`)).body["dirty"] !== false) {
            if (performance.now() > endsAtMs) throw new Error("it was not committed in time");
            await Bun.sleep(50);
          }
          expect((await call("GET", `${BASE}/sessions/${id}/status`)).body).toMatchObject({ clean: true });
          const files = readdirSync(`${first.data}/sessions/${id}/git`, { recursive: true, encoding: "utf8" });
          expect(files.filter((name) => name.endsWith(".lock") || name.includes("tmp_"))).toEqual([]);
        }
      } finally {
        await server.kill();
      }
    }, 300_000);
});
