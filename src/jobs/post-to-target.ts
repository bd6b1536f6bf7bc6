import { lookup } from "node:dns/promises";
import { request as requestPlain, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestTls } from "node:https";
import { isIP } from "node:net";
import { checkedAddress } from "./target-address.ts";

/** From the look-up of the name to the end of the answer. */
const TIMEOUT_MS = 10_000;
/** How much of an answer is kept; the rest is not read. */
const ANSWER_BYTES_MAX = 4096;

/** A message to somebody's server. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back: 3xx too, since nobody is followed to where he points. */
export interface Answer {
  readonly status: number;
  /** Its beginning, as text. */
  readonly text: string;
}

export interface PostOptions {
  /** Loopback, private and link-local addresses are fine. */
  readonly allowPrivate: boolean;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** Finds the addresses of a name; the system's own way is the default. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

/** Why nothing was sent, or no answer came; the message is for whoever owns the hook. */
export class PostFailure extends Error {
  override readonly name = "PostFailure";
}

/**
 * Posts a message. The name is looked up now, every address of it is checked, and the connection goes to the address that was checked:
 * a name that answers differently the next time gains nothing. Throws PostFailure.
 */
export async function postToTarget(post: Post, options: PostOptions): Promise<Answer> {
  const url = targetOf(post.url);
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const signal = AbortSignal.any([options.signal, timeout]);
  try {
    const address = await within(signal, addressOf(url, options));
    return await send(post, url, address, signal);
  } catch (error) {
    if (error instanceof PostFailure) throw error;
    if (timeout.aborted) throw new PostFailure("no answer in time", { cause: error });
    if (options.signal.aborted) throw new PostFailure("the server was shutting down", { cause: error });
    throw new PostFailure(problemOf(error), { cause: error });
  }
}

/** Checks what can be known of an address without looking anything up. Throws PostFailure. */
export function targetOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new PostFailure("is not a URL");
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new PostFailure("is not an http or https URL");
  if (url.username !== "" || url.password !== "") throw new PostFailure("must not carry a user or password");
  return url;
}

/** The literal address of a URL, without the brackets of IPv6; undefined for a name. */
export function literalAddressOf({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(bare) === 0 ? undefined : bare;
}

async function addressOf(url: URL, { allowPrivate, resolve = systemLookup }: PostOptions): Promise<string> {
  const literal = literalAddressOf(url);
  const found = checkedAddress(literal === undefined ? await resolve(url.hostname) : [literal], allowPrivate);
  if (found === "none") throw new PostFailure("the name has no address");
  if (found === "not public") {
    throw new PostFailure("the address is not public; an administrator may allow such targets");
  }
  return found.address;
}

/** The addresses of a name, as the system finds them. */
export async function systemLookup(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

function send({ headers, body }: Post, url: URL, address: string, signal: AbortSignal): Promise<Answer> {
  const bytes = Buffer.from(body, "utf8");
  const isTls = url.protocol === "https:";
  const options: RequestOptions = {
    method: "POST",
    host: address,
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host, "content-length": bytes.length, connection: "close" },
    // A connection kept from before could lead to an address that was fine then.
    agent: false,
    signal,
    // The certificate is that of the name, whatever address answers for it.
    ...(isTls && literalAddressOf(url) === undefined ? { servername: url.hostname } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = (isTls ? requestTls : requestPlain)(options, (answer) => {
      readBeginning(answer).then(
        (text) => resolve({ status: answer.statusCode ?? 0, text }),
        (error: unknown) => reject(error instanceof Error ? error : new Error("the answer broke off")),
      );
    });
    request.on("error", reject);
    request.end(bytes);
  });
}

/** Reads no more than is kept: an answer may be endless. */
async function readBeginning(answer: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= ANSWER_BYTES_MAX) break;
  }
  answer.destroy();
  // PostgreSQL takes no NUL in a text.
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES_MAX).toString("utf8").replaceAll("\0", "\ufffd");
}

/** Waits no longer than the signal says; rejects when it fires. */
export function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error("aborted"));
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** A word about what the system said; its codes are known to whoever runs a server. */
function problemOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string") return `cannot be reached: ${code}`;
  return typeof message === "string" ? `cannot be reached: ${message}` : "cannot be reached";
}
