import type { Principal } from "../../src/contract/principal.ts";
import type { ObjectFormat } from "../../src/domain/oid.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { JsonOperations } from "../../src/engine/json-operations.ts";
import { operations } from "../../src/operations/index.ts";
import { administration } from "../../src/transports/git/ssh/administration.ts";
import type { SshCommands } from "../../src/transports/git/ssh/command.ts";
import { TemporaryRepository } from "./temporary-repository.ts";
import { openTestEngine, type TestEngine } from "./test-engine.ts";

/** What a command wrote, and how it ended. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly bytes: Buffer;
  readonly stderr: string;
}

export const ANONYMOUS: Principal = { kind: "anonymous", name: "anonymous" };
/** A day that is still to come, for commands that look at the clock. */
export const NOW_MS = Date.UTC(2090, 0, 31, 12);

/** Commands as they are typed over SSH, in this process, over an engine of its own. */
export class CommandStory {
  readonly engine: TestEngine;
  readonly #commands: SshCommands;

  private constructor(engine: TestEngine) {
    this.engine = engine;
    this.#commands = administration({
      operations: new JsonOperations(engine.engine, operations),
      invocation: () => "ssh -p 23231 HOST",
      nowMs: () => NOW_MS,
    });
  }

  static async open(backend: "libgit2" | "shell" = "libgit2"): Promise<CommandStory> {
    return new CommandStory(await openTestEngine({ backend }));
  }

  /** A repository of somebody, for real git. */
  async repository(name: string, options: { owner?: Principal; format?: ObjectFormat } = {}) {
    await this.ask(`repo create ${name} --object-format ${options.format ?? "sha1"}`, options.owner);
    return TemporaryRepository.at(this.engine.pathOf({ storage: "default", relativePath: `${name}.git` }));
  }

  /** Makes a user; answers who calls when he does. */
  async user(name: string, isAdmin = false): Promise<Principal> {
    const { id } = await this.engine.identity.users.create({ name, isAdmin });
    return { kind: "user", name, user: { id, isAdmin } };
  }

  /** Runs a command on behalf of somebody, or of one who may do everything. */
  async run(argv: readonly string[], principal: Principal = this.engine.caller.principal): Promise<Answer> {
    const stdout: Buffer[] = [];
    let stderr = "";
    const { peer, requestId, signal } = this.engine.caller;
    const status = await this.#commands.run(argv, {
      principal,
      peer,
      requestId,
      signal,
      publicKey: undefined,
      stdin: (async function* () {})(),
      stdout: async (output) => void stdout.push(Buffer.from(output)),
      stderr: async (output) => void (stderr += String(output)),
    });
    const bytes = Buffer.concat(stdout);
    return { status, stdout: bytes.toString("utf8"), bytes, stderr };
  }

  /** What a command prints. Throws when it fails. */
  async ask(words: string, principal?: Principal): Promise<string> {
    const { status, stdout, stderr } = await this.run(words.split(" "), principal);
    if (status !== 0) throw new Error(`${words}: ${status}: ${stderr}`);
    return stdout.trimEnd();
  }

  /** What a command prints with `--json`. */
  async json(words: string, principal?: Principal): Promise<unknown> {
    return JSON.parse(await this.ask(`${words} --json`, principal));
  }

  /** The one line with which a command fails. Throws when it succeeds, or says more. */
  async refusal(words: string, principal?: Principal): Promise<string> {
    const { status, stdout, stderr } = await this.run(words.split(" "), principal);
    if (status === 0 || stdout !== "" || !/^[^\n]+\n$/.test(stderr))
      throw new OperationError("internal", { what: `${words}: ${status}: ${stdout}${stderr}` });
    return `${status} ${stderr.trimEnd()}`;
  }

  close(): Promise<void> {
    return this.engine.close();
  }
}
