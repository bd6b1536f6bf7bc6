import {
  create,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { type Channel, type Metadata, status } from "@grpc/grpc-js";
import type { CallOptions } from "../call-options.ts";
import type { Attempts, AttemptTerms, Effect, TimedOptions } from "./attempts.ts";
import { type Call, cancelOn } from "./call.ts";
import { CollectedAnswers } from "./collected-answers.ts";
import { Conversation } from "./conversation.ts";
import type { CallMetadata } from "./credentials.ts";
import { errorOfStatus, FailedAttempt, gitError } from "./error-of-status.ts";
import { type Method, methodOf } from "./method.ts";
import { SingleAnswer } from "./single-answer.ts";

type Input<M extends DescMethod> = MessageInitShape<M["input"]>;
type Output<M extends DescMethod> = MessageShape<M["output"]>;

/** What makes a call of a kind its own. */
export interface CallTraits {
  readonly effect: Effect;
  /** Sent besides the credentials. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * For what the protocol cannot bind a change to: looked at again before an attempt, when an earlier one may have run. What it
   * throws ends the call.
   */
  readonly checkAgain?: (() => Promise<void>) | undefined;
}

const READ: CallTraits = { effect: "read" };

/** A server of the protocol behind one channel: makes calls of every shape, with credentials, in time, and again where that may help. */
export class Connection {
  readonly #channel: Channel;
  readonly #metadata: CallMetadata;
  readonly #attempts: Attempts;
  readonly #messageTimeoutMs: number;
  #underWay = 0;
  #closed = false;
  #idle: (() => void) | undefined;

  constructor(channel: Channel, metadata: CallMetadata, attempts: Attempts, messageTimeoutMs: number) {
    this.#channel = channel;
    this.#metadata = metadata;
    this.#attempts = attempts;
    this.#messageTimeoutMs = messageTimeoutMs;
  }

  /** A method with all the calls that it needs: they have one end, and a client that is closed meanwhile lets it make them. */
  async method<T>(options: CallOptions | undefined, run: (timed: TimedOptions) => Promise<T>): Promise<T> {
    this.#begin();
    try {
      return await run(this.#attempts.begun(options));
    } finally {
      this.#end();
    }
  }

  /** A call with one message in each direction. */
  unary<M extends DescMethodUnary>(
    desc: M,
    request: Input<M>,
    options: CallOptions | undefined,
    traits: CallTraits = READ,
  ): Promise<Output<M>> {
    const method = methodOf(desc);
    const bytes = method.encode(create(desc.input, request) as MessageShape<M["input"]>);
    return this.#run(
      traits,
      options,
      ({ deadlineMs, signal }) =>
        new Promise((resolve, reject) => {
          const call = this.#open(method, deadlineMs);
          const answer = new SingleAnswer<Output<M>>(method.decode, resolve, reject);
          call.start(this.#headers(traits), answer);
          answer.over = cancelOn(signal, () => cancel(call));
          sendOnly(call, bytes);
        }),
    );
  }

  /**
   * Reads a whole stream: `begin` makes what takes its messages, anew for each attempt, and what that has become is the
   * answer. What taking throws ends the call.
   */
  collect<M extends DescMethodServerStreaming, C extends { take(message: Output<M>): void }>(
    desc: M,
    request: Input<M>,
    options: CallOptions | undefined,
    begin: () => C,
  ): Promise<C> {
    return this.#collect(desc, request, options, begin, methodOf(desc).decode);
  }

  /** As `collect`, for what reads the messages from their bytes by itself. */
  collectBytes<M extends DescMethodServerStreaming, C extends { take(message: Uint8Array): void }>(
    desc: M,
    request: Input<M>,
    options: CallOptions | undefined,
    begin: () => C,
  ): Promise<C> {
    return this.#collect(desc, request, options, begin, (bytes) => bytes);
  }

  #collect<M extends DescMethodServerStreaming, T, C extends { take(message: T): void }>(
    desc: M,
    request: Input<M>,
    options: CallOptions | undefined,
    begin: () => C,
    decode: (bytes: Uint8Array) => T,
  ): Promise<C> {
    const method = methodOf(desc);
    const bytes = method.encode(create(desc.input, request) as MessageShape<M["input"]>);
    return this.#run(
      READ,
      options,
      ({ deadlineMs, signal }) =>
        new Promise((resolve, reject) => {
          const collector = begin();
          const call = this.#open(method, deadlineMs);
          const answers = new CollectedAnswers<T>(call, decode, (message) => collector.take(message), {
            resolve: () => resolve(collector),
            reject,
          });
          call.start(this.#headers(READ), answers);
          answers.over = cancelOn(signal, () => cancel(call));
          sendOnly(call, bytes);
        }),
    );
  }

  /**
   * Reads a stream at its consumer's pace; whoever stops early cancels the call. Until the first message is there, the call
   * is made again as others are. Without a time of its own it may take as long as it likes, as long as messages come.
   */
  async *stream<M extends DescMethodServerStreaming>(
    desc: M,
    request: Input<M>,
    options: CallOptions | undefined,
  ): AsyncGenerator<Output<M>, void, undefined> {
    this.#begin();
    try {
      yield* this.#streamed(desc, request, options);
    } finally {
      this.#end();
    }
  }

  async *#streamed<M extends DescMethodServerStreaming>(
    desc: M,
    request: Input<M>,
    options: CallOptions | undefined,
  ): AsyncGenerator<Output<M>, void, undefined> {
    const method = methodOf(desc);
    const message = create(desc.input, request) as MessageShape<M["input"]>;
    const signal = options?.signal;
    const { conversation, first } = await this.#attempts.run("read", options, async (terms) => {
      const conversation = this.#converse(method, terms, READ, options?.timeoutMs === undefined);
      try {
        if (await conversation.write(message)) conversation.halfClose();
        return { conversation, first: await conversation.next() };
      } catch (failure) {
        conversation.cancel();
        throw failure;
      }
    });
    try {
      for (let next = first; next !== undefined; next = await conversation.next()) yield next;
    } catch (failure) {
      if (signal?.aborted === true) throw signal.reason;
      throw failure instanceof FailedAttempt ? errorOfStatus(failure.status) : failure;
    } finally {
      conversation.cancel();
    }
  }

  /** A call that is written to, and maybe read from, step by step. It is cancelled when `hold` fails. */
  converse<M extends DescMethod, T>(
    desc: M,
    options: CallOptions | undefined,
    traits: CallTraits,
    hold: (conversation: Conversation<M>) => Promise<T>,
  ): Promise<T> {
    const method = methodOf(desc);
    return this.#run(traits, options, async (terms) => {
      const conversation = this.#converse(method, terms, traits, false);
      try {
        return await hold(conversation);
      } finally {
        conversation.cancel();
      }
    });
  }

  /** Takes no more calls; the connection goes when the last one that is under way has ended, and that resolves it. */
  close(): Promise<void> {
    this.#closed = true;
    return new Promise((resolve) => {
      const former = this.#idle;
      this.#idle = () => {
        former?.();
        resolve();
      };
      this.#closeWhenIdle();
    });
  }

  /** Makes attempts, and counts the call as under way until the last of them is over. */
  async #run<T>(
    { effect, checkAgain }: CallTraits,
    options: TimedOptions | undefined,
    attempt: (terms: AttemptTerms) => Promise<T>,
  ): Promise<T> {
    this.#begin(options);
    try {
      if (checkAgain === undefined) return await this.#attempts.run(effect, options, attempt);
      return await this.#attempts.run(effect, options, async (terms) => {
        if (terms.mayHaveRun) await checkAgain();
        return attempt(terms);
      });
    } finally {
      this.#end();
    }
  }

  #begin(options?: TimedOptions): void {
    // What belongs to a method that is under way goes on.
    if (this.#closed && options?.endMs === undefined) throw gitError("the client is closed", { code: "CANCELLED" });
    this.#underWay++;
  }

  #end(): void {
    this.#underWay--;
    if (this.#closed) this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (this.#underWay > 0) return;
    this.#channel.close();
    this.#idle?.();
    this.#idle = undefined;
  }

  #converse<M extends DescMethod>(
    method: Method<M>,
    { deadlineMs, signal }: AttemptTerms,
    traits: CallTraits,
    atItsPace: boolean,
  ): Conversation<M> {
    return new Conversation(this.#open(method, atItsPace ? Infinity : deadlineMs), method, {
      metadata: this.#headers(traits),
      signal,
      messageTimeoutMs: atItsPace ? this.#messageTimeoutMs : Infinity,
    });
  }

  #open<M extends DescMethod>(method: Method<M>, deadlineMs: number): Call {
    return this.#channel.createCall(method.path, deadlineMs, undefined, null, undefined);
  }

  #headers({ headers }: CallTraits): Metadata {
    const metadata = this.#metadata();
    if (headers === undefined) return metadata;
    const own = metadata.clone();
    for (const [name, value] of Object.entries(headers)) own.set(name, value);
    return own;
  }
}

function sendOnly(call: Call, bytes: Buffer): void {
  call.sendMessageWithContext({}, bytes);
  call.halfClose();
  call.startRead();
}

function cancel(call: Call): void {
  call.cancelWithStatus(status.CANCELLED, "cancelled by the client");
}
