import type { DescMethod, MessageShape } from "@bufbuild/protobuf";
import { type Metadata, status } from "@grpc/grpc-js";
import { type Call, type CallListener, cancelOn } from "./call.ts";
import { type CallStatus, FailedAttempt, failedAttempt } from "./error-of-status.ts";
import type { Method } from "./method.ts";

/** Messages that have come and that nobody has asked for yet; the server is not read from beyond. */
const WAITING_MAX = 1;

/** How long a call that is cancelled may take to say so. */
const SPOILING_MS_MAX = 1000;

/** How a conversation is opened. */
export interface ConversationTerms {
  readonly metadata: Metadata;
  readonly signal: AbortSignal | undefined;
  /** How long one message may be waited for. */
  readonly messageTimeoutMs: number;
}

/** A call that is written to and read from step by step. The one who opens it must read it to its end, or cancel it. */
export class Conversation<M extends DescMethod> implements CallListener {
  readonly #call: Call;
  readonly #method: Method<M>;
  readonly #messageTimeoutMs: number;
  readonly #waiting: Uint8Array[] = [];
  readonly #forget: (() => void) | undefined;
  #reading = false;
  #ended: CallStatus | undefined;
  #wake: (() => void) | undefined;
  #written: (() => void) | undefined;
  #over: (() => void) | undefined;
  #spoiler: Buffer | undefined;
  #spoiling: ReturnType<typeof setTimeout> | undefined;

  constructor(call: Call, method: Method<M>, { metadata, signal, messageTimeoutMs }: ConversationTerms) {
    this.#call = call;
    this.#method = method;
    this.#messageTimeoutMs = messageTimeoutMs;
    call.start(metadata, this);
    this.#forget = cancelOn(signal, () => this.cancel());
    this.#read();
  }

  /** Resolves when the next message may be written; false when the call is over and takes no more. */
  async write(message: MessageShape<M["input"]>): Promise<boolean> {
    if (this.#ended !== undefined) return false;
    const bytes = this.#method.encode(message);
    await new Promise<void>((resolve) => {
      this.#written = resolve;
      this.#call.sendMessageWithContext({ callback: () => resolve() }, bytes);
    });
    return this.#ended === undefined;
  }

  /**
   * What to send before the call is cancelled while it is written to. Some HTTP/2 stacks end a request before they reset it, and to
   * a server that does not see the reset in time half a list looks like a whole one: so it gets a message that it refuses.
   */
  spoilWith(message: MessageShape<M["input"]>): void {
    this.#spoiler = this.#method.encode(message);
  }

  /** Nothing more will be written. */
  halfClose(): void {
    this.#spoiler = undefined;
    this.#call.halfClose();
  }

  /** The next message; undefined at the end. Throws `FailedAttempt`. */
  async next(): Promise<MessageShape<M["output"]> | undefined> {
    while (this.#waiting.length === 0 && this.#ended === undefined) await this.#something();
    const bytes = this.#waiting.shift();
    if (bytes !== undefined) {
      this.#read();
      return this.#decode(bytes);
    }
    if (this.#ended !== undefined && this.#ended.code !== status.OK) throw new FailedAttempt(this.#ended);
    return undefined;
  }

  /** The only message of the rest of the call. Throws `FailedAttempt`. */
  async last(): Promise<MessageShape<M["output"]>> {
    const answer = await this.next();
    if (answer === undefined) throw failedAttempt(status.INTERNAL, "the server sent no answer");
    while ((await this.next()) !== undefined);
    return answer;
  }

  /**
   * What the application's own work answers, unless the call is over before: nobody waits for that work any more then.
   * Throws `FailedAttempt` when the call has failed.
   */
  async during<T>(work: T | PromiseLike<T>): Promise<T | undefined> {
    const over = new Promise<undefined>((resolve) => {
      if (this.#ended === undefined) this.#over = () => resolve(undefined);
      else resolve(undefined);
    });
    try {
      const answer = await Promise.race([work, over]);
      if (this.#ended !== undefined && this.#ended.code !== status.OK) throw new FailedAttempt(this.#ended);
      return answer;
    } finally {
      this.#over = undefined;
    }
  }

  /** Tells the server to stop, unless the call is over. */
  cancel(): void {
    if (this.#ended !== undefined) return;
    const cancel = () => this.#call.cancelWithStatus(status.CANCELLED, "cancelled by the client");
    const spoiler = this.#spoiler;
    if (spoiler === undefined) return cancel();
    this.#spoiler = undefined;
    // The server's refusal ends the call; one that reads nothing any more is not waited for.
    this.#spoiling = setTimeout(cancel, SPOILING_MS_MAX);
    this.#call.sendMessageWithContext({}, spoiler);
  }

  onReceiveMetadata(): void {
    // Nothing of interest is in it.
  }

  onReceiveMessage(bytes: Uint8Array): void {
    this.#reading = false;
    this.#waiting.push(bytes);
    this.#read();
    this.#wake?.();
  }

  onReceiveStatus(ended: CallStatus): void {
    this.#ended ??= ended;
    clearTimeout(this.#spoiling);
    this.#forget?.();
    this.#wake?.();
    this.#written?.();
    this.#over?.();
  }

  #read(): void {
    if (this.#reading || this.#ended !== undefined || this.#waiting.length > WAITING_MAX) return;
    this.#reading = true;
    this.#call.startRead();
  }

  /** Resolves when a message or the status has come; ends the call when neither does in time. */
  async #something(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#messageTimeoutMs < TIMER_MS_MAX) {
        timer = setTimeout(
          () => this.#call.cancelWithStatus(status.DEADLINE_EXCEEDED, "the server sent nothing in time"),
          this.#messageTimeoutMs,
        );
      }
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }

  #decode(bytes: Uint8Array): MessageShape<M["output"]> {
    try {
      return this.#method.decode(bytes);
    } catch (cause) {
      this.cancel();
      throw failedAttempt(status.INTERNAL, `the server's answer cannot be read: ${String(cause)}`);
    }
  }
}

/** The longest time that a timer takes, 2^31 - 1 ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;
