import { writeSync } from "node:fs";
import pino, { type Logger } from "pino";

export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Lines are written together once this much has gathered … */
const GATHERED_CHARACTERS_MAX = 16 * 1024;
/** … or this much later. */
const FLUSH_DELAY_MS = 50;
/** Standard output belongs to the line that says that the server is ready. */
const STANDARD_ERROR = 2;

/** Where log lines go: text that ends in a newline. */
export type LogSink = (text: string) => void;

export interface Log {
  /** For everything but the line of each operation, which `write` takes ready-made because building it is on every path. */
  readonly logger: Logger;
  readonly level: LogLevel;
  /** Writes a finished line without its newline. */
  write(line: string): void;
  /** Writes what has gathered; call it before the process ends. */
  flush(): void;
}

/** Makes the log: one JSON object per line, names in snake_case. */
export function createLog(level: LogLevel, sink: LogSink = standardError): Log {
  const gathering = new GatheringWriter(sink);
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${timestamp(Date.now())}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: pino.stdSerializers.errWithCause },
  };
  // What pino writes ends in a newline already.
  const logger = pino(options, { write: (line: string) => gathering.write(line) });
  return {
    logger,
    level,
    write: (line) => gathering.write(`${line}\n`),
    flush: () => gathering.flush(),
  };
}

let formattedMs = Number.NaN;
let formatted = "";

/** A time in RFC 3339. Many lines fall into one millisecond. */
export function timestamp(nowMs: number): string {
  if (nowMs !== formattedMs) {
    formattedMs = nowMs;
    formatted = new Date(nowMs).toISOString();
  }
  return formatted;
}

/** Spares a system call per line. */
class GatheringWriter {
  readonly #sink: LogSink;
  #gathered = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  write(text: string): void {
    this.#gathered += text;
    if (this.#gathered.length >= GATHERED_CHARACTERS_MAX) this.flush();
    else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.flush(), FLUSH_DELAY_MS);
      this.#timer.unref();
    }
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#gathered;
    this.#gathered = "";
    if (text !== "") this.#sink(text);
  }
}

/** A log that cannot be written must not stop the service. */
function standardError(text: string): void {
  try {
    let rest = Buffer.from(text);
    while (rest.byteLength > 0) rest = rest.subarray(writeSync(STANDARD_ERROR, rest));
  } catch {
    // The pipe is full and does not block, or nobody reads it: the lines are lost.
  }
}
