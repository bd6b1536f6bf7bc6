import { OperationError } from "../domain/errors.ts";
import { errorSentence } from "../domain/error-sentence.ts";
import { LINE_BYTES_MAX, type LongLine } from "./input-lines.ts";
import { serverSentData } from "./server-sent-data.ts";

/** Where messages go: one HTTP request each, as the Model Context Protocol has it. */
export interface McpEndpoint {
  /** Sends a message. Rejects where nobody answers. */
  post(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response>;
  /** Asks for what the server tells by itself. */
  get(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response>;
  /** Could somebody answer, without one being started for it? */
  isServed(): Promise<boolean>;
}

const LISTENING = Symbol("listening");

interface Message {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: {
    readonly name?: unknown;
    readonly uri?: unknown;
    readonly requestId?: unknown;
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
  readonly result?: { readonly protocolVersion?: unknown };
}

/** JSON-RPC's own codes. */
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const SERVER_ERROR = -32000;
const UNAUTHORIZED = 401;
/** How long after a failure it is tried again to listen. */
const AGAIN_MS = 1000;
const PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion";
/** How much of an answer that is no message is shown. */
const SHOWN_MAX = 500;
/** What to do about a message that is too large, as servers say it. */
const SEND_LESS =
  "Send less in one call: one file at a time, or a patch of what changes. Larger files are pushed with git.";

/**
 * Carries messages between a client on standard input and output and a server behind HTTP: requests side by side, answers as they come.
 * Whatever goes wrong on the way is an answer too.
 */
export class McpBridge {
  readonly #endpoint: McpEndpoint;
  readonly #write: (line: string) => Promise<void>;
  /** Requests by their ids, and what listens. */
  readonly #running = new Map<string | number | typeof LISTENING, AbortController>();
  readonly #work = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  /** What clients of 2025 have agreed upon; later ones say it in each message. */
  #version: string | undefined;
  #session: string | undefined;
  #listening: Promise<void> | undefined;
  /** What clients of 2025 follow. They see no connection break: a server that begins anew is told of it here. */
  readonly #followed = new Set<string>();

  /** `write` is given one message without an end of line at a time. */
  constructor(endpoint: McpEndpoint, write: (line: string) => Promise<void>) {
    this.#endpoint = endpoint;
    this.#write = write;
  }

  /** Takes a line from the client. */
  take(line: string | LongLine): void {
    if (typeof line !== "string") return this.#refuse(line);
    let message: Message | readonly unknown[] | null;
    try {
      message = JSON.parse(line) as Message | null;
    } catch {
      return this.#begin(this.#fail(undefined, PARSE_ERROR, "the line is not JSON"));
    }
    if (typeof message !== "object" || message === null)
      return this.#begin(this.#fail(undefined, INVALID_REQUEST, "the line is no message"));
    if (Array.isArray(message)) return this.#begin(this.#carry({}, line));
    const told = message as Message;
    // The connection of a request is its life: to cut it is to cancel it, for every version of the protocol.
    if (told.method === "notifications/cancelled") return this.#cancel(told.params?.requestId);
    this.#begin(this.#carry(told, line), told.method);
  }

  /** Refuses a line that was too long to be taken: whoever sent it is told, and nothing else is disturbed. */
  #refuse({ bytes, beginning, end }: LongLine): void {
    const error = new OperationError("too_large", { what: "body", sizeBytes: bytes, limitBytes: LINE_BYTES_MAX });
    const { code, reason } = error;
    const details = { what: "body", size_bytes: bytes, limit_bytes: LINE_BYTES_MAX };
    const data = { error: errorSentence(error), code, reason, details, retry: "never", next_step: SEND_LESS };
    this.#begin(this.#fail(idOf(beginning, end) ?? null, SERVER_ERROR, data.error, data));
  }

  /** Waits for what runs, for so long at most, and not for streams that have no end; then everything is broken off. */
  async end(timeoutMs: number): Promise<void> {
    const enough = Promise.withResolvers<void>();
    const timer = setTimeout(enough.resolve, timeoutMs);
    await Promise.race([Promise.all(this.#work), enough.promise]);
    clearTimeout(timer);
    this.#ended.abort();
    for (const each of this.#running.values()) each.abort();
  }

  #begin(work: Promise<void>, method?: string): void {
    if (method === "subscriptions/listen") return;
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  #cancel(id: unknown): void {
    if (typeof id === "string" || typeof id === "number") this.#running.get(id)?.abort();
  }

  async #carry(message: Message, line: string): Promise<void> {
    const { id } = message;
    const going = new AbortController();
    if (id !== undefined) this.#running.set(id, going);
    try {
      // What happens behind the subscription is to be heard.
      if (message.method === "resources/subscribe") await (this.#listening ??= this.#listen());
      const response = await this.#endpoint.post(line, this.#headersOf(message), going.signal);
      await this.#pass(response, message);
    } catch (error) {
      // A client that has cancelled waits for nothing.
      if (!going.signal.aborted)
        await this.#fail(id, SERVER_ERROR, error instanceof Error ? error.message : String(error));
    } finally {
      if (id !== undefined && this.#running.get(id) === going) this.#running.delete(id);
    }
  }

  #headersOf({ method, params }: Message): Record<string, string> {
    const version = params?._meta?.[PROTOCOL_VERSION];
    if (typeof version !== "string") return method === "initialize" ? {} : this.#agreed();
    const name = params?.name ?? params?.uri;
    return {
      "mcp-protocol-version": version,
      ...(method !== undefined && { "mcp-method": method }),
      ...(typeof name === "string" && { "mcp-name": headerText(name) }),
    };
  }

  /** What every request of a client of 2025 says. */
  #agreed(): Record<string, string> {
    return {
      ...(this.#version !== undefined && { "mcp-protocol-version": this.#version }),
      ...(this.#session !== undefined && { "mcp-session-id": this.#session }),
    };
  }

  /** Listens for what the server tells by itself, once there is something to hear. Resolves when it has begun. */
  #listen(): Promise<void> {
    const going = new AbortController();
    this.#running.set(LISTENING, going);
    const opening = this.#openStream(going.signal);
    // The next subscription begins again.
    opening.catch(() => (this.#listening = undefined));
    return opening;
  }

  async #openStream(signal: AbortSignal): Promise<void> {
    const response = await this.#endpoint.get({ ...this.#agreed(), accept: "text/event-stream" }, signal);
    // Who may not listen any more follows nothing.
    if (response.status === UNAUTHORIZED) this.#followed.clear();
    if (!response.ok) throw new Error(`the server does not tell what happens: ${response.status}`);
    void this.#pass(response, {})
      .catch(() => {})
      .finally(() => {
        this.#listening = undefined;
        void this.#followAgain();
      });
  }

  /** Listens again when the server has ended that, with what was followed; what has moved meanwhile is not known, so all of it is told. */
  async #followAgain(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted && this.#followed.size > 0) {
      try {
        // A server that is being started again finds its place free: nothing moves before it is there.
        if (!(await this.#endpoint.isServed())) throw new Error("there is no server");
        await (this.#listening ??= this.#listen());
        for (const uri of this.#followed) {
          const message = { jsonrpc: "2.0", id: `again:${uri}`, method: "resources/subscribe", params: { uri } };
          await (await this.#endpoint.post(JSON.stringify(message), this.#agreed(), signal)).text();
          const params = { uri };
          await this.#write(JSON.stringify({ jsonrpc: "2.0", method: "notifications/resources/updated", params }));
        }
        return;
      } catch {
        if (this.#followed.size > 0) await Bun.sleep(AGAIN_MS);
      }
    }
  }

  async #pass(response: Response, request: Message): Promise<void> {
    const { id, method } = request;
    if (method === "initialize") this.#session = response.headers.get("mcp-session-id") ?? undefined;
    const type = response.headers.get("content-type") ?? "";
    if (type.startsWith("text/event-stream")) {
      let isAnswered = false;
      for await (const data of serverSentData(response.body))
        if ((await this.#tell(data, request)) === id) isAnswered = true;
      if (!isAnswered) await this.#fail(id, SERVER_ERROR, "the server has ended the stream of this request");
      return;
    }
    const text = await response.text();
    if (isMessage(text)) await this.#tell(text, request, id);
    else if (!response.ok || text !== "")
      await this.#fail(id, SERVER_ERROR, `the server answers ${response.status}: ${text.slice(0, SHOWN_MAX)}`);
  }

  /** Passes a message on; resolves with its id. */
  async #tell(text: string, { method, params }: Message, id?: string | number): Promise<unknown> {
    const message = JSON.parse(text) as Record<string, unknown> & Message;
    if (message.result !== undefined && typeof params?.uri === "string") {
      if (method === "resources/subscribe") this.#followed.add(params.uri);
      if (method === "resources/unsubscribe") this.#followed.delete(params.uri);
    }
    const version = method === "initialize" ? message.result?.protocolVersion : undefined;
    if (typeof version === "string") this.#version = version;
    // What refused the request before its message was read does not know whose it is.
    const told = message["id"] === null && id !== undefined ? { ...message, id } : message;
    await this.#write(JSON.stringify(told));
    return message["id"];
  }

  /** An error as the answer to a request; for what is none there is nobody to answer. */
  async #fail(id: string | number | null | undefined, code: number, message: string, data?: object): Promise<void> {
    if (id === undefined && code === SERVER_ERROR) return;
    await this.#write(JSON.stringify({ jsonrpc: "2.0", id: id ?? null, error: { code, message, data } }));
  }
}

const ID = String.raw`"id"\s*:\s*(-?\d+|"[ !#-[\]-~]*")`;
const VERSION = String.raw`"jsonrpc"\s*:\s*"2\.0"`;
/** Clients write a message's id before its parameters, or behind them. */
const ID_BEFORE = new RegExp(String.raw`^\s*\{\s*(?:${VERSION}\s*,\s*)?(?:"method"\s*:\s*"[\w/]*"\s*,\s*)?${ID}\s*,`);
const ID_BEHIND = new RegExp(String.raw`[,{]\s*${ID}\s*(?:,\s*${VERSION}\s*)?\}\s*$`);

/** The id of a message of which only the beginning and the end are known; undefined where it stands in neither. */
function idOf(beginning: string, end: string): string | number | undefined {
  const [, id] = ID_BEFORE.exec(beginning) ?? ID_BEHIND.exec(end) ?? [];
  return id === undefined ? undefined : (JSON.parse(id) as string | number);
}

/** What is no ASCII, or could be taken for the other form, travels as base64 (MCP 2026-07-28, request headers). */
function headerText(name: string): string {
  const isPlain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(name) && !name.startsWith("=?base64?");
  return isPlain ? name : `=?base64?${Buffer.from(name).toString("base64")}?=`;
}

function isMessage(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && (Array.isArray(value) || "jsonrpc" in value);
  } catch {
    return false;
  }
}
