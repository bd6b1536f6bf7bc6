/** A command that cannot do what it was asked to, said in one line. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
}

/** A command that was called the wrong way. */
export class UsageFailure extends Error {
  override readonly name = "UsageFailure";
}

/** Exit codes of commands, everywhere. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
