import type { Operation } from "../../../contract/operation.ts";
import type { Caller } from "../../../contract/principal.ts";
import { hasReason, OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { errorResponse } from "../../http/error-response.ts";
import type { HttpCall } from "../../http/http-door.ts";
import { isUnchanged, tagOfId } from "./conditions.ts";
import type { JsonBodies } from "../derived/json-bodies.ts";
import { isPaged, pagedInput, pageOfList, wholeList } from "../derived/list-page.ts";
import { readInput } from "./read-input.ts";
import { inRequestWords } from "../derived/request-words.ts";
import { type RestRoute, takesBody } from "./rest-route.ts";
import { type LargePieces, largeAnswer, streamAnswer } from "./stream-answer.ts";
import { knownAnswer, prefersJson, readHeaders, writeAnswer } from "./write-answer.ts";

/** What routes are run with. */
export interface RouteServices {
  readonly engine: Engine;
  readonly bodies: JsonBodies;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

type Input = Record<string, unknown>;
type CallOperation = Operation<never, never, "call">;
type ListOperation = Operation<never, never, "list">;
type DownloadOperation = Operation<never, never, "download">;

/** Answers a request to a route: reads its input, runs its operation, writes what came of it. */
export async function runRoute(
  prepared: RestRoute,
  request: Request,
  call: HttpCall,
  services: RouteServices,
): Promise<Response> {
  const { operation, route } = prepared;
  // Garbage is collected for minutes before there is anything to say.
  if (operation.kind === "maintenance") call.watchTime();
  const room = takesBody(route) ? services.bodies.room() : undefined;
  let running = false;
  let isReplayed = false;
  let response: Response;
  try {
    const key = operation.kind === "read" ? null : request.headers.get("idempotency-key");
    const caller: Caller = {
      principal: await call.principal(),
      door: "rest",
      requestId: call.requestId,
      peer: call.peer,
      signal: call.signal,
      ...(key !== null && { idempotencyKey: key, onReplayed: () => (isReplayed = true) }),
    };
    const read = readInput(prepared, request, services.engine, () => services.bodies.read(request, room!, call.signal));
    const input = read instanceof Promise ? await read : read;
    running = true;
    response = await run(prepared, request, call, input, caller, services);
  } catch (error) {
    if (!(error instanceof OperationError)) services.onBug(error, call.requestId);
    else if (!running) call.refused(error);
    // A condition that the client has put on the request is a precondition; a value that it expected is a conflict.
    const isPrecondition =
      route.ifMatch !== undefined &&
      (hasReason(error, "reference_mismatch") || hasReason(error, "file_mismatch")) &&
      request.headers.has("if-match");
    // What is wrong with the request itself is told in its own words already.
    const told = running && error instanceof OperationError ? inRequestWords(error, operation, "snake") : error;
    response = errorResponse(told, call.requestId, isPrecondition ? 412 : undefined);
  } finally {
    room?.release();
  }
  if (isReplayed) response.headers.set("idempotent-replayed", "true");
  return response;
}

async function run(
  prepared: RestRoute,
  request: Request,
  call: HttpCall,
  input: Input,
  caller: Caller,
  services: RouteServices,
): Promise<Response> {
  const { engine } = services;
  const { operation, route } = prepared;
  const onFailed = (error: unknown) => {
    if (!(error instanceof OperationError)) services.onBug(error, call.requestId);
  };
  switch (operation.shape) {
    case "call": {
      if (operation.kind === "read") {
        const etag = prepared.tagging && request.headers.get("if-none-match");
        const known = etag && (await answerByTag(prepared, request, etag, input, caller, engine));
        if (known) return known;
        if (prepared.beginning !== undefined && !prefersJson(request))
          return await answerOfLarge(prepared, request, call, input, caller, engine, onFailed);
      }
      const output = await engine.run(operation as CallOperation, input as never, caller);
      return writeAnswer(prepared, request, input, output);
    }
    case "list": {
      const list = (asked: Input) =>
        engine.run(operation as ListOperation, asked as never, caller) as AsyncIterable<unknown[]>;
      if (!isPaged(prepared)) return writeAnswer(prepared, request, input, await wholeList(list(input)));
      const paged = pagedInput(input);
      const page = await pageOfList(list(paged.input), paged.limit, route.pageKey!);
      return writeAnswer(prepared, request, input, page);
    }
    case "download": {
      call.watchTime();
      const pieces = engine.run(operation as DownloadOperation, input as never, caller);
      return streamAnswer(prepared, request, input, pieces, onFailed);
    }
    default:
      throw new OperationError("unsupported", { what: `${operation.name}, a ${operation.shape}, over REST` });
  }
}

/** 304 for a client that knows the thing already, found out without reading it; undefined otherwise. */
async function answerByTag(
  prepared: RestRoute,
  request: Request,
  known: string,
  input: Input,
  caller: Caller,
  engine: Engine,
): Promise<Response | undefined> {
  const id = await engine.run(prepared.tagging!, input as never, caller);
  if (typeof id !== "string") return undefined;
  const tag = tagOfId(id, prepared.route.content !== undefined && prefersJson(request));
  return isUnchanged(known, tag) ? knownAnswer(request, tag, readHeaders(prepared, input)) : undefined;
}

/** Content as it is: at once where it is small, in pieces where it is large. */
async function answerOfLarge(
  prepared: RestRoute,
  request: Request,
  call: HttpCall,
  input: Input,
  caller: Caller,
  engine: Engine,
  onFailed: (error: unknown) => void,
): Promise<Response> {
  const content = prepared.route.content!;
  const output = (await engine.run(prepared.beginning!, input as never, caller)) as Record<string, unknown>;
  if (output[content.field ?? ""] !== undefined) return writeAnswer(prepared, request, input, output);
  call.watchTime();
  const stream = engine.run(prepared.pieces!, input as never, caller) as unknown as LargePieces;
  return largeAnswer(prepared, request, input, (told) => content.large!.size(told as never), stream, onFailed);
}
