import { existsSync } from "node:fs";
import { join } from "node:path";

/** What the server said about a call that failed. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, reason: string, details: Readonly<Record<string, unknown>>) {
    super(message);
    this.reason = reason;
    this.details = details;
  }
}

interface ErrorBody {
  readonly error: string;
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;
}

type Line = { readonly item: unknown } | { readonly end: true } | { readonly error: ErrorBody };

/** Where the server of a data directory listens for commands. */
export const controlSocket = (dataDirectory: string): string => join(dataDirectory, "control.sock");

/** Speaks to the running server of a data directory. */
export class ControlClient {
  readonly #path: string;

  constructor(dataDirectory: string) {
    this.#path = controlSocket(dataDirectory);
  }

  /** Does a server answer? A socket that a crash left behind does not. */
  async isServed(): Promise<boolean> {
    if (!existsSync(this.#path)) return false;
    try {
      await fetch("http://control/", { unix: this.#path });
      return true;
    } catch {
      return false;
    }
  }

  /** Runs an operation that has one answer. */
  async call<Output>(operation: string, input: object): Promise<Output> {
    const response = await this.#post(operation, input);
    return (await response.json()) as Output;
  }

  /** Runs an operation that answers a list. */
  async *list<Item>(operation: string, input: object): AsyncGenerator<Item> {
    const response = await this.#post(operation, input);
    for await (const text of linesOf(response)) {
      const line = JSON.parse(text) as Line;
      if ("end" in line) return;
      if ("error" in line) throw asError(line.error);
      yield line.item as Item;
    }
    throw new ControlError("the server ended before its answer did", "unavailable", {});
  }

  async #post(operation: string, input: object): Promise<Response> {
    const response = await fetch(`http://control/operations/${operation}`, {
      unix: this.#path,
      method: "POST",
      body: JSON.stringify(input),
      // Maintenance of a large repository takes as long as it takes.
      timeout: false,
    } as RequestInit);
    if (!response.ok) throw asError((await response.json()) as ErrorBody);
    return response;
  }
}

function asError({ error, reason, details }: ErrorBody): ControlError {
  return new ControlError(error, reason, details);
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
