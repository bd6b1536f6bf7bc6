import type { Static, TSchema } from "@sinclair/typebox";
import type { Reason } from "../domain/reasons.ts";
import type { Context } from "./context.ts";

/** Reads change nothing; writes change references or repositories; maintenance changes neither but takes long. */
export type OperationKind = "read" | "write" | "maintenance";

/**
 * How values flow. `call`: one input, one output. `list`: batches of items. `watch`: events without an end. `download`: chunks
 * of bytes. `upload`: a body of parts behind the input, one output. `duplex`: parts in, outputs out, while both are open.
 */
export type OperationShape = "call" | "list" | "watch" | "download" | "upload" | "duplex";

/**
 * What a caller must be allowed to do. `read`, `write` and `admin` are levels of access to the repository; `create` is for one
 * that is to be made. The others are not about one repository: `account` is for what users do with their own account and
 * administrators with any (the input's `user`, where it has one). `admin-of-place` is `admin` where the input names a repository, and
 * `server-admin` where it names none.
 */
export type AccessRule =
  | "read"
  | "write"
  | "admin"
  | "create"
  | "account"
  | "server-read"
  | "server-admin"
  | "admin-of-place";

/** What `run` gives back, by shape. */
export interface ResultOfShape<Output> {
  call: Promise<Output>;
  list: AsyncIterable<Output[]>;
  watch: AsyncIterable<Output>;
  download: AsyncIterable<Uint8Array>;
  upload: Promise<Output>;
  duplex: AsyncIterable<Output>;
}

/**
 * Where an operation stands in the REST API, below `/v1`. What the path does not name is in the query of a GET or DELETE, and in the
 * JSON body of the others; fields are called in snake_case, or as `json` in their schema says.
 */
export interface HttpRoute {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/repos/:repo/branches/:name`. `:repo` is the full name of the repository; every other parameter is a field of the input. */
  readonly path: string;
  /** A second path, where the operation is asked for without what only the first one names: `/hooks` beside `/repos/:repo/hooks`. */
  readonly alsoAt?: string;
  /** Of success; 200 when absent. Answers of 204 have no body. */
  readonly status?: 200 | 201 | 202 | 204;
  /** The field of the output that is the answer's ETag; `If-None-Match` with the same is answered 304. */
  readonly etag?: string;
  /** Tells what that field will be without reading the rest: for clients that may have the answer already. Throws as `run` does. */
  tag?(input: never, ctx: Context): Promise<string | undefined>;
  /**
   * The field of an item that `after` in the input takes, or what makes it of the item, for lists that have `after` and `limit`: they are given in pages, with a cursor in
   * place of `after`.
   */
  readonly pageKey?: string | ((item: never) => string);
  /** The field of the input that `If-Match` stands for: a mismatch is 412 then, and 409 where the field itself was given. */
  readonly ifMatch?: string;
  /** The bytes of the output that are the answer's body, unless the client asks for `application/json`. */
  readonly content?: HttpContent;
  /** Does nothing that moves show in the answer? Then it may be kept for ever. */
  isImmutable?(input: never): boolean;
}

/** An answer that is bytes. */
export interface HttpContent {
  /** The field of the output that has them; of a download they are the pieces. */
  readonly field?: string;
  /** Their media type. */
  type(input: never, output: never): string;
  /** A name to save them under; absent: shown. */
  filename?(input: never): string;
  /** How to answer with bytes that are too many for memory; absent: there are none such. */
  readonly large?: LargeContent;
}

/** Bytes of an output that may be too many for memory. */
export interface LargeContent {
  /** The output; without the field of the bytes where they are too many. Throws as `run` does. */
  beginning(input: never, ctx: Context): Promise<object>;
  /** The output without that field, then the bytes. */
  pieces(input: never, ctx: Context): AsyncIterable<object | Uint8Array>;
  /** How many bytes there are, by the output. */
  size(output: never): number;
}

/** How an operation is offered to agents (MCP). What is absent follows from the operation. */
export interface ToolHints {
  /** Name of the tool; absent: the operation's own in snake_case. */
  readonly name?: string;
  /** Is it offered to agents that ask for no tools in particular? */
  readonly isDefault?: boolean;
  /** May it destroy what cannot be had back? Absent: where the route's method is DELETE. */
  readonly destructive?: boolean;
  /** Does the same again change nothing more? Absent: where the route's method is PUT or DELETE. */
  readonly idempotent?: boolean;
  /** Does it reach other servers? */
  readonly openWorld?: boolean;
  /** When to use it, and what comes next; behind the summary in the tool's description. */
  readonly advice?: string;
  /** What an operation without a route is about, that is a tool all the same. */
  readonly noun?: string;
}

/** An example that tests run through every door. */
export interface Example<Input> {
  readonly title: string;
  /** The input without its repository, which the test provides. */
  readonly input: Omit<Input, "repository">;
}

/** An operation: a verb of Holdfast, declared once and reached through every door. */
export interface Operation<
  I extends TSchema = TSchema,
  O extends TSchema = TSchema,
  S extends OperationShape = OperationShape,
  Part = unknown,
> {
  /** Verb and noun in camelCase; the file has the same name in kebab-case. */
  readonly name: string;
  readonly summary: string;
  readonly kind: OperationKind;
  readonly shape: S;
  readonly access: AccessRule;
  /** Is it for nobody without credentials, whatever they may do otherwise? Such callers are answered `unauthenticated`. */
  readonly needsCredentials?: boolean;
  /**
   * Does the operation work on one existing repository? Then its input has `repository`, and the engine opens it, pins it and
   * puts it into the context. `path` only checks the name: the repository may be absent or broken.
   */
  readonly target: "repository" | "path" | "none";
  /** Of what is watched: does it work first, until it says that it is `idle`? Else it waits from the beginning, and keeps nobody from running. */
  readonly worksFirst?: boolean;
  readonly input: I;
  readonly output: O;
  /** Reasons it may fail with, besides those that every operation shares. */
  readonly errors: readonly Reason[];
  readonly examples: readonly Example<Static<I>>[];
  /** Absent: not in the REST API, nor in those that are made from it. */
  readonly route?: HttpRoute;
  /** What agents are told of it beyond what the rest says. */
  readonly tool?: ToolHints;
  /** Its name in GraphQL, where its own stands for a shorter question there. */
  readonly graphql?: string;
  run(input: Static<I>, ctx: Context, parts: AsyncIterable<Part>): ResultOfShape<Static<O>>[S];
}

/** Declares an operation; only gives the compiler something to infer from. */
export function defineOperation<I extends TSchema, O extends TSchema, S extends OperationShape, Part = never>(
  operation: Operation<I, O, S, Part>,
): Operation<I, O, S, Part> {
  return operation;
}
