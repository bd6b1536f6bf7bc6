import { join } from "node:path";
import { cleanEnvironment, type RunningServer } from "../../../../test/support/running-server.ts";

const EXAMPLE = join(import.meta.dir, "..", "..");

/** How the example can be started: what `npm start` does on Node, and from its source on Bun. */
export const RUNTIMES = {
  node: ["node", join(EXAMPLE, "dist", "main.js")],
  bun: [process.execPath, join(EXAMPLE, "src", "main.ts")],
} as const;

/** Makes what Node runs, as `npm start` does. */
export async function buildExample(): Promise<void> {
  const tsc = join(EXAMPLE, "..", "..", "node_modules", ".bin", "tsc");
  const build = Bun.spawn([tsc, "-p", EXAMPLE], { stdout: "pipe", stderr: "inherit" });
  const output = await new Response(build.stdout).text();
  if ((await build.exited) !== 0) throw new Error(`the example cannot be built:\n${output}`);
}

interface ProductFields {
  readonly [field: string]: unknown;
}

interface Written {
  readonly product: ProductFields | null;
  readonly commitId: string;
  readonly attempts: number;
}

/** What was asked for is there. */
interface Data {
  readonly [field: string]: unknown;
  readonly products: readonly ProductFields[];
  readonly product: ProductFields | null;
  readonly createProduct: Written;
  readonly updateProduct: Written;
  readonly deleteProduct: Written;
  readonly publishRelease: { readonly name: string; readonly commitId: string };
}

/** The answer to a question in GraphQL. */
export interface Answer {
  readonly data: Data | null | undefined;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[];
}

/** What `catalogChanged` tells. */
export interface CatalogState {
  readonly commitId: string | null;
  readonly ref: string | null;
  readonly version: number;
  readonly productCount: number;
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

/** The example as a process of its own. */
export interface RunningCatalog {
  readonly pid: number;
  readonly url: string;
  log(): string;
  ask(query: string, variables?: object): Promise<Answer>;
  /** States of the cache, the present one first. */
  states(): AsyncGenerator<CatalogState, undefined>;
  /** Tells it to stop; answers its exit code. */
  stop(): Promise<number>;
  readonly exited: Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The settings that lead to a server. */
export const settingsFor = ({ addresses }: Pick<RunningServer, "addresses">): Record<string, string> => ({
  HOLDFAST_GITALY_ADDRESS: addresses["grpc"]!,
  HOLDFAST_URL: addresses["http"]!,
});

/** Starts the example and waits until it answers. Throws with its log when it ends before. */
export async function startCatalog(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<RunningCatalog> {
  const child = Bun.spawn([...command], {
    env: { ...cleanEnvironment(), PORT: "0", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let log = "";
  const logged = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) log += decoder.decode(chunk, { stream: true });
  })();
  const url = /^catalog-api ready (\S+)/.exec(await firstLine(child.stdout))?.[1];
  if (url === undefined) {
    await Promise.all([child.exited, logged]);
    throw new Error(`the example did not start:\n${log}`);
  }
  return {
    pid: child.pid,
    url,
    log: () => log,
    async ask(query, variables = {}) {
      const response = await post(url, { query, variables }, "application/json");
      return (await response.json()) as Answer;
    },
    async *states() {
      const query = "subscription { catalogChanged { commitId ref version productCount problems { path message } } }";
      const response = await post(url, { query }, "text/event-stream");
      for await (const data of serverSentEvents(response.body!)) {
        yield (JSON.parse(data) as { data: { catalogChanged: CatalogState } }).data.catalogChanged;
      }
      return undefined;
    },
    stop() {
      child.kill("SIGTERM");
      return child.exited;
    },
    exited: child.exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

const post = (url: string, body: object, accept: string): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept },
    body: JSON.stringify(body),
  });

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return text;
}

/** The data of each event that has some. */
async function* serverSentEvents(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split("\n\n");
    text = events.pop()!;
    for (const event of events) {
      const data = /^data: ?(.+)$/m.exec(event)?.[1];
      if (data !== undefined) yield data;
    }
  }
}
