// kill -9 in the middle of what the management API does. Afterwards what was answered is true, and nothing half done is left.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dice } from "../support/dice.ts";
import { type RunningServer, startServer } from "../support/running-server.ts";
import { runGit } from "../support/temporary-repository.ts";

const ROUNDS = Number(process.env["MANAGEMENT_KILLS"] ?? "2");
/** The latest moment of the kill, counted from the first answer of the round. */
const KILL_MS_MAX = 1200;
const ROUND_MS_MAX = 40_000;
const SEED = Number(process.env["MANAGEMENT_KILLS_SEED"] ?? Date.now() % 1_000_000);
const TOKEN = "holdfast-kills-token-of-the-administrator";

/** What a crash leaves: locks, half-written objects and files, quarantines, sessions that are being removed. */
const LEFT =
  /\.lock$|(^|\/)(tmp_|\.tmp-|incoming-|stash-index-|gc\.pid$|\+removed-)|(\+holdfast\/(quarantine|tmp|removed)|sessions\/[0-9a-f]{24}\/new)\/./;

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly key: string;
}

interface Answer {
  readonly status: number;
  readonly json: Record<string, unknown>;
  readonly isReplayed: boolean;
}

async function send(server: RunningServer, { method, path, body, key }: Request): Promise<Answer> {
  const response = await fetch(`${server.addresses["http"]}/v1/repos${path}`, {
    method,
    keepalive: false,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(method === "GET" ? {} : { "idempotency-key": key }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    json: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
    isReplayed: response.headers.has("idempotent-replayed"),
  };
}

/** Thrown to a writer whose server is gone. */
class Gone extends Error {}

/** One program that uses the API: it knows what it was answered, and what it was not. */
class Client {
  server: RunningServer;
  pending: Request | undefined;
  last: { readonly request: Request; readonly answer: Answer } | undefined;
  readonly #name: string;
  #requests = 0;

  constructor(name: string, server: RunningServer) {
    this.#name = name;
    this.server = server;
  }

  /** Asks for something that has to go well. */
  async ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const key = `${this.#name}-${SEED}-${this.#requests++}`;
    const request: Request = { method, path, key, ...(body !== undefined && { body }) };
    // Maintenance is done as often as it is asked for.
    const isWrite = method !== "GET" && !path.endsWith("/gc");
    if (isWrite) this.pending = request;
    const answer = await send(this.server, request).catch((error: unknown) => {
      throw new Gone(String(error));
    });
    if (isWrite) {
      this.pending = undefined;
      this.last = { request, answer };
    }
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.json)}`);
    return answer.json;
  }

  /** The last answer is given again; what was not answered is answered, done again, or said to be unknown. */
  async repeat(): Promise<void> {
    if (this.last !== undefined) {
      const again = await send(this.server, this.last.request);
      expect(again).toEqual({ ...this.last.answer, isReplayed: true });
      this.last = undefined;
    }
    if (this.pending === undefined) return;
    const answer = await send(this.server, this.pending);
    this.pending = undefined;
    if (answer.json["reason"] !== "idempotency_outcome_unknown") expect(answer.status).toBeLessThan(500);
  }
}

/** Makes changes in a repository of its own, one after the other, and knows what must hold of them. */
abstract class Writer {
  readonly client: Client;
  readonly repository: string;
  readonly #storage: string;
  /** The commit that `main` had at last, as we were told. */
  tip = "";
  protected made = 0;

  constructor(name: string, server: RunningServer) {
    this.client = new Client(name, server);
    this.repository = name;
    this.#storage = server.storage;
  }

  abstract turn(): Promise<void>;

  async prepare(): Promise<void> {
    await this.client.ask("POST", "", { repo: this.repository });
    await this.commit(100);
  }

  async check(): Promise<void> {
    const main = await this.git("rev-parse", "refs/heads/main");
    await this.git("merge-base", "--is-ancestor", this.tip, main);
    await this.git("fsck", "--strict", "--no-dangling", "--no-progress");
  }

  protected at = (path: string) => `/${this.repository}${path}`;
  protected git = async (...args: string[]) =>
    (await runGit(join(this.#storage, `${this.repository}.git`), args)).toString().trim();

  protected async put(branch: string, more: object = {}): Promise<string> {
    const n = this.made++;
    const file = { branch, path: `${branch}/${n}.txt`, content: `${n}\n`, message: "put", ...more };
    return String((await this.client.ask("PUT", this.at("/files"), file))["commit"]);
  }

  protected async commit(files: number): Promise<void> {
    const n = this.made++;
    const action = (_: unknown, at: number) => ({ action: "create", path: `many/${n}/${at}`, content: `${n} ${at}` });
    const body = { branch: "main", message: "many", actions: Array.from({ length: files }, action) };
    this.tip = String((await this.client.ask("POST", this.at("/commits"), body))["commit"]);
  }
}

class Committer extends Writer {
  async turn(): Promise<void> {
    await this.commit(100);
    this.tip = await this.put("main");
  }

  override async check(): Promise<void> {
    await super.check();
    for (const folder of (await this.git("ls-tree", "--name-only", "main:many")).split("\n"))
      expect((await this.git("ls-tree", "--name-only", `main:many/${folder}`)).split("\n")).toHaveLength(100);
  }
}

class Merger extends Writer {
  async turn(): Promise<void> {
    const branch = `topic-${this.made}`;
    const change = async (method: string, path: string, body: object) =>
      String((await this.client.ask(method, this.at(path), body))["commit"]);
    const topic = await this.put(branch, { from: "main" });
    this.tip = await this.put("main");
    const rebased = await change("POST", "/rebase", { branch, onto: "main" });
    this.tip = await change("POST", `/commits/${topic}/cherry-pick`, { branch: "main" });
    this.tip = await change("PATCH", `/commits/${this.tip}/revert`, { branch: "main" });
    this.tip = await change("POST", "/merge", { branch: "main", rev: rebased, strategy: "no-ff" });
  }
}

class Collector extends Writer {
  async turn(): Promise<void> {
    for (let i = 0; i < 3; i++) this.tip = await this.put("main");
    await this.client.ask("POST", this.at("/gc"), {});
  }
}

/** Keeps a file that is put away and taken back again, and others that are written, committed and pushed. */
class Editor extends Writer {
  readonly #files = new Map<string, readonly (string | undefined)[]>();
  #session = "";
  #commit = "";

  override async prepare(): Promise<void> {
    await super.prepare();
    const body = { branch: "main", push: false };
    this.#session = String((await this.client.ask("POST", this.at("/sessions"), body))["id"]);
    await this.#write("kept.txt");
    await this.#save();
  }

  async turn(): Promise<void> {
    const session = `?session=${this.#session}`;
    await this.#write(`${this.made % 5}.txt`);
    await this.client.ask("POST", this.at(`/stage${session}`), { path: `${(this.made - 1) % 5}.txt` });
    await this.#save();
    await this.client.ask("POST", this.#at("/push"), {});
    this.tip = this.#commit;
    await this.#write("kept.txt");
    const { id } = await this.client.ask("POST", this.at(`/stash${session}`), {});
    await this.client.ask("POST", this.at(`/stash/${String(id)}/pop${session}`), {});
    await this.#save();
    await this.client.ask("POST", this.at(`/reset${session}`), { mode: "hard" });
  }

  override async check(): Promise<void> {
    await super.check();
    const { head } = await this.client.ask("GET", this.#at(""));
    const own = await runGit(join(this.client.server.data, "sessions", this.#session, "git"), ["rev-parse", "HEAD"]);
    expect(String(head)).toBe(own.toString().trim());
    const stashes = (await this.client.ask("GET", this.at(`/stash?session=${this.#session}`)))["items"] as unknown[];
    for (const [path, allowed] of this.#files) {
      const file = await this.client.ask("GET", this.#at(`/files?path=${path}`)).catch(() => undefined);
      // What is put away is in the stash.
      if (path !== "kept.txt" || stashes.length === 0)
        expect(allowed).toContain(file?.["content"] as string | undefined);
      this.#files.set(path, [file?.["content"] as string | undefined]);
    }
    for (const _ of stashes) await this.client.ask("DELETE", this.at(`/stash/0?session=${this.#session}`));
    await this.#save({ allow_empty: true });
    const hidden = `refs/holdfast/sessions/${this.#session}`;
    expect(await this.git("for-each-ref", "--format=%(refname) %(objectname)", hidden)).toBe(
      `${hidden}/head ${this.#commit}`,
    );
  }

  #at = (path: string) => this.at(`/sessions/${this.#session}${path}`);

  async #save(more: object = {}): Promise<void> {
    const answer = await this.client.ask("POST", this.#at("/commit"), { message: "save", all: true, ...more });
    this.#commit = String(answer["commit"]);
  }

  async #write(path: string): Promise<void> {
    const content = `${path} ${this.made++}\n`;
    this.#files.set(path, [...(this.#files.get(path) ?? [undefined]), content]);
    await this.client.ask("PUT", this.#at("/files"), { path, content });
    this.#files.set(path, [content]);
  }
}

async function keepOn(writer: Writer, isDead: () => boolean, onAnswered: () => void): Promise<void> {
  while (!isDead()) {
    try {
      await writer.turn();
      onAnswered();
    } catch (error) {
      if (error instanceof Gone || isDead()) return;
      throw error;
    }
  }
}

describe("kill -9 in the middle of what the management API does", () => {
  for (const backend of ["libgit2", "shell"]) {
    test(
      `leaves what was answered, and nothing half done, on ${backend} (MANAGEMENT_KILLS_SEED=${SEED})`,
      async () => {
        const dice = new Dice(SEED);
        const data = mkdtempSync(join(tmpdir(), "holdfast-kills-"));
        const env = {
          GIT_BACKEND: backend,
          HOLDFAST_ADMIN_TOKEN: TOKEN,
          HOLDFAST_CANARY_PERCENT: "0",
          HOLDFAST_SESSION_AUTOCOMMIT_MS: "86400000",
        };
        let server = await startServer({ env, data });
        try {
          const writers = [
            new Committer("commits", server),
            new Merger("merges", server),
            new Collector("collected", server),
            new Editor("edited", server),
          ];
          for (const writer of writers) await writer.prepare();
          for (let round = 0; round < ROUNDS; round++) {
            let dead = false;
            const answered = Promise.withResolvers<void>();
            const running = writers.map((writer) => keepOn(writer, () => dead, answered.resolve));
            await Promise.race([answered.promise, ...running]);
            await Bun.sleep(dice.below(KILL_MS_MAX));
            dead = true;
            await server.kill();
            await Promise.all(running);
            server = await startServer({ env, data });
            const left = readdirSync(data, { recursive: true, encoding: "utf8" }).filter((path) => LEFT.test(path));
            expect(left).toEqual([]);
            for (const { client } of writers) client.server = server;
            for (const writer of writers) {
              const { pending, last } = writer.client;
              await writer.check();
              Object.assign(writer.client, { pending, last });
              await writer.client.repeat();
            }
          }
        } finally {
          await server.kill();
          rmSync(data, { recursive: true, force: true });
        }
      },
      ROUNDS * ROUND_MS_MAX,
    );
  }
});
