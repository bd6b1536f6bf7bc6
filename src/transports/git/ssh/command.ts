import type { Principal } from "../../../contract/principal.ts";

/** Who runs a command, and where its output goes. */
export interface SshSession {
  readonly principal: Principal;
  /** Address of the client, for the log. */
  readonly peer: string;
  readonly requestId: string;
  /** Fires when the client goes away, and when the server stops. */
  readonly signal: AbortSignal;
  /** The SSH key that the client has shown (RFC 4253, 6.6: the key blob); absent for one that came without. */
  readonly publicKey: Uint8Array | undefined;
  /** What the client sends; may be iterated once, or left alone. */
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Writes to the client; resolves when more may be written. Rejects once the client has gone. */
  stdout(output: string | Uint8Array): Promise<void>;
  stderr(output: string | Uint8Array): Promise<void>;
}

/** Commands besides Git's own: `ssh -p 23231 HOST help`. */
export interface SshCommands {
  /**
   * Runs a command; answers its exit status (0 to 255). An OperationError that it throws is told as one line on stderr, with exit
   * status 1.
   */
  run(argv: readonly string[], session: SshSession): Promise<number>;
}

const FAILED = 1;

/** No commands: every one is unknown. */
export const noCommands: SshCommands = {
  async run([name = ""], { stderr }) {
    await stderr(`unknown command: ${JSON.stringify(name)}\n`);
    return FAILED;
  },
};
