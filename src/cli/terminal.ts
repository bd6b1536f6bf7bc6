/** What a command may print to; tests bring their own. */
export interface Terminal {
  /** Does somebody look at remarks and progress? */
  readonly isTerminal: boolean;
  /** Data goes to stdout. */
  print(line: string): void;
  /** Data as bytes; resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Waits until all that was printed has been taken. Throws when it could not be written. */
  flush(): Promise<void>;
  /** Progress and remarks go to stderr. */
  remark(line: string): void;
  /** Overwrites the last such line on a terminal; elsewhere it is a line like any other. */
  progress(line: string): void;
  /** Ends the line that `progress` left open. */
  settle(): void;
}

const CLEAR_LINE = "\r\u001b[K";
const WIDTH_FALLBACK = 80;
/** git's `Counting objects:  42% (42/100)`: a log wants only the line that says `done`. */
const STAGE_NOT_DONE = /\d+% \(\d+\/\d+\)(?!.*done)/;

/** What a shell tells of a program that SIGPIPE has ended: whoever reads the output has had enough, as in `… list | head -1`. */
const BROKEN_PIPE = 141;

/** The process' own terminal. */
export function processTerminal(): Terminal {
  const isTerminal = process.stderr.isTTY === true;
  let open = false;
  const settle = () => {
    if (open) process.stderr.write(CLEAR_LINE);
    open = false;
  };
  const output = new ProcessOutput();
  return {
    isTerminal,
    print: (line) => {
      settle();
      output.send(`${line}\n`).catch(() => {});
    },
    write: (bytes) => {
      settle();
      return output.send(bytes);
    },
    flush: () => output.flush(),
    remark: (line) => {
      settle();
      process.stderr.write(`${line}\n`);
    },
    progress: (line) => {
      if (!isTerminal && STAGE_NOT_DONE.test(line)) return;
      const width = (process.stderr.columns ?? WIDTH_FALLBACK) - 1;
      process.stderr.write(isTerminal ? `${CLEAR_LINE}${line.slice(0, width)}` : `${line}\n`);
      open = isTerminal;
    },
    settle,
  };
}

/** The process' standard output. A pipe takes what it is given later: who exits before loses it. */
class ProcessOutput {
  #sent: Promise<void> = Promise.resolve();

  constructor() {
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(BROKEN_PIPE);
    });
  }

  send(data: string | Uint8Array): Promise<void> {
    const sent = new Promise<void>((resolve, reject) => {
      process.stdout.write(data, (error) => (error ? reject(error) : resolve()));
    });
    // The first error is the one to be told.
    this.#sent = Promise.all([this.#sent, sent]).then(() => {});
    this.#sent.catch(() => {});
    return sent;
  }

  flush(): Promise<void> {
    return this.#sent;
  }
}

/** `--json` prints one JSON value; without it a person reads lines. */
export function printData(terminal: Terminal, json: boolean, data: unknown, lines: () => readonly string[]): void {
  if (json) terminal.print(JSON.stringify(data, undefined, 2));
  else for (const line of lines()) terminal.print(line);
}
