import type { Socket } from "node:net";
import type { ServerChannel, Session } from "ssh2";
import type { Caller } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { actorOf } from "./actor-of.ts";
import type { Identified } from "./authentication.ts";
import { channelInput } from "./channel-input.ts";
import { ChannelOutput } from "./channel-output.ts";
import { wordsOf } from "./command-line.ts";
import type { SshCommands } from "./command.ts";
import { gitCommandOf } from "./git-command.ts";
import { serveGit } from "./serve-git.ts";

const OK = 0;
const FAILED = 1;
/** Longest value of GIT_PROTOCOL that is listened to, characters. */
const PROTOCOL_LENGTH_MAX = 1024;
/** A client that wants its data in smaller packets costs more than it is worth (RFC 4253, 6.1: all can take 32,768). */
const PACKET_BYTES_MIN = 512;

/** What sessions are served with. */
export interface SessionServices {
  readonly engine: Engine;
  readonly commands: SshCommands;
  readonly newRequestId: () => string;
  readonly onBug: (error: unknown, requestId: string) => void;
  readonly commandLengthMax: number;
}

/** The connection that a session is on. */
export interface SessionConnection extends Identified {
  readonly socket: Socket;
  readonly peer: string;
  /** Something has been sent or received. */
  active(): void;
  /** Ends the whole connection: its client does what no client does. */
  drop(): void;
}

/** One session: at most one command (RFC 4254, 6.5). */
export class SshSessionServer {
  readonly #services: SessionServices;
  readonly #connection: SessionConnection;
  readonly #gone = new AbortController();
  #protocol: string | undefined;
  #hasTerminal = false;
  #administers = false;
  /** Resolves when nothing runs for the session any more. */
  #running: Promise<void> = Promise.resolve();

  constructor(session: Session, services: SessionServices, connection: SessionConnection) {
    this.#services = services;
    this.#connection = connection;
    session.on("env", (accept, reject, { key, val }) => {
      if (key !== "GIT_PROTOCOL" || val.length > PROTOCOL_LENGTH_MAX) return reject?.();
      this.#protocol = val;
      accept?.();
    });
    // There is no terminal to give, but a client that asks for one and gets none complains to its user.
    session.on("pty", (accept) => {
      this.#hasTerminal = true;
      accept?.();
    });
    session.on("signal", () => this.abort());
    session.on("exec", (accept, _reject, { command }) => this.#start(accept(), command));
    session.on("shell", (accept) => this.#start(accept(), undefined));
    session.on("close", () => this.abort());
  }

  /** Does it run a command of administration, rather than git's, or nothing? */
  get administers(): boolean {
    return this.#administers;
  }

  get ended(): Promise<void> {
    return this.#running;
  }

  /** Ends what runs: the client has gone, or must. */
  abort(): void {
    this.#gone.abort();
  }

  #start(channel: ServerChannel, commandLine: string | undefined): void {
    // A second request on the same session: the library gives no channel for it.
    if (channel === undefined) return;
    const { packetSize } = (channel as unknown as { outgoing: { packetSize: number } }).outgoing;
    if (packetSize < PACKET_BYTES_MIN) return this.#connection.drop();
    channel.on("error", () => this.abort()).on("close", () => this.abort());
    this.#running = this.#serve(channel, commandLine);
  }

  async #serve(channel: ServerChannel, commandLine: string | undefined): Promise<void> {
    const { socket, active } = this.#connection;
    const { signal } = this.#gone;
    const requestId = this.#services.newRequestId();
    const output = new ChannelOutput(channel, socket, signal, active);
    const stdin = channelInput(channel, signal, active);
    let status = FAILED;
    try {
      status =
        commandLine === undefined ? await this.#greet(output) : await this.#run(commandLine, stdin, output, requestId);
    } catch (error) {
      if (!(error instanceof OperationError)) this.#services.onBug(error, requestId);
      if (!signal.aborted) await tell(output, error, requestId).catch(() => {});
    }
    // What the client still sends is let through to nobody, so that it gets to reading our answer.
    channel.resume();
    channel.exit(status);
    channel.end();
  }

  /** Somebody wants a shell. */
  async #greet(output: ChannelOutput): Promise<number> {
    const line = `Hi ${this.#connection.principal.name}! You have reached Holdfast, which gives no shell. Use git, or a command: help lists them.`;
    await output.stdout(`${line}${this.#hasTerminal ? "\r\n" : "\n"}`);
    return OK;
  }

  async #run(
    line: string,
    stdin: AsyncIterable<Uint8Array>,
    output: ChannelOutput,
    requestId: string,
  ): Promise<number> {
    const argv = line.length > this.#services.commandLengthMax ? undefined : wordsOf(line);
    if (argv === undefined)
      throw new OperationError("invalid_input", { field: "command", problem: "is not a command line" });
    const { engine, commands, onBug } = this.#services;
    const { principal, publicKey, peer } = this.#connection;
    const { signal } = this.#gone;
    const command = gitCommandOf(argv);
    const channel = {
      stdin,
      stdout: (bytes: string | Uint8Array) => output.stdout(bytes),
      stderr: (bytes: string | Uint8Array) => output.stderr(bytes),
    };
    if (command === undefined) {
      this.#administers = true;
      const shown = this.#hasTerminal ? forTerminal(channel) : channel;
      return commands.run(argv, { principal, publicKey, peer, requestId, signal, ...channel, ...shown });
    }
    const actor = actorOf(principal);
    const caller: Caller = {
      principal,
      door: "ssh",
      requestId,
      peer,
      signal,
      ...(actor === undefined ? {} : { actor }),
    };
    return serveGit(engine, { command, protocol: this.#protocol, caller, ...channel }, onBug);
  }
}

type Write = (output: string | Uint8Array) => Promise<void>;

/** A client that asks for a terminal gets none, but ends of lines as one would make them: it has put its own into raw mode. */
function forTerminal({ stdout, stderr }: { stdout: Write; stderr: Write }): { stdout: Write; stderr: Write } {
  const withReturns = (write: Write) => (output: string | Uint8Array) =>
    write(Buffer.from(Buffer.from(output).toString("latin1").replaceAll("\n", "\r\n"), "latin1"));
  return { stdout: withReturns(stdout), stderr: withReturns(stderr) };
}

async function tell(output: ChannelOutput, error: unknown, requestId: string): Promise<void> {
  if (error instanceof OperationError) {
    const facts = Object.values(error.details).filter((value) => typeof value === "string");
    await output.stderr(`${[error.message, ...facts].join(": ")}\n`);
  } else {
    await output.stderr(`internal error; request ${requestId} in the server's log\n`);
  }
}
