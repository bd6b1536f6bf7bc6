import type { ByteString } from "../../domain/bytes.ts";
import type { RefName } from "../../domain/reference.ts";
import type { PushCommand } from "../../wire/push-request.ts";
import type { CommandStatus } from "../../wire/report-status.ts";
import { ATOMIC_FAILURE, type Refusal } from "./push-refusals.ts";

/** Lines of explanation that a user is shown at most. */
const EXPLANATIONS_MAX = 50;

/** What is decided about each command of a push so far. */
export class PushVerdicts {
  readonly #commands: readonly PushCommand[];
  readonly #refusals = new Map<PushCommand, Refusal>();
  readonly #isAtomic: boolean;
  readonly #explain: (line: ByteString) => void;
  #explained = 0;

  constructor(commands: readonly PushCommand[], isAtomic: boolean, explain: (line: ByteString) => void) {
    this.#commands = commands;
    this.#isAtomic = isAtomic;
    this.#explain = explain;
  }

  /** Commands that nobody has refused; none when all or none shall happen and one was. */
  get left(): readonly PushCommand[] {
    if (this.#isAtomic && this.#refusals.size > 0) return [];
    return this.#commands.filter((command) => !this.#refusals.has(command));
  }

  /** Refuses a command, unless that has happened. */
  refuse(command: PushCommand, { problem, explanation }: Refusal): void {
    if (this.#refusals.has(command)) return;
    this.#refusals.set(command, { problem });
    if (explanation === undefined || ++this.#explained > EXPLANATIONS_MAX) return;
    this.#explain(`error: ${explanation}`);
    if (this.#explained === EXPLANATIONS_MAX) this.#explain("error: further errors are not shown");
  }

  /** Refuses all that is left. */
  refuseLeft(refusal: Refusal): void {
    for (const command of this.left) this.refuse(command, refusal);
  }

  /** Refuses those of the commands that name one of the references. */
  refuseNamed(names: ReadonlyMap<RefName, (command: PushCommand) => Refusal>): void {
    for (const command of this.left) {
      const refusal = names.get(command.name);
      if (refusal !== undefined) this.refuse(command, refusal(command));
    }
  }

  /** One line for each command, in the client's order. */
  statuses(): CommandStatus[] {
    const failed = this.#isAtomic && this.#refusals.size > 0;
    return this.#commands.map((command) => ({
      name: command.name,
      problem: this.#refusals.get(command)?.problem ?? (failed ? ATOMIC_FAILURE : undefined),
    }));
  }
}
