import { OperationError } from "../../../domain/errors.ts";
import type { HttpCall } from "../../http/http-door.ts";
import type { BodyRoom } from "../derived/body-budget.ts";
import type { JsonBodies } from "../derived/json-bodies.ts";

/** Messages are written by models: files that are larger are pushed with git, or put over REST. */
export const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;
/** Messages in one batch, as clients of 2025-03-26 may send. */
const BATCH_MAX = 32;

/**
 * The JSON-RPC message of a request, or a batch of them. Throws `media_type_unsupported`, `too_large`, `limit_exceeded`, and
 * `malformed_request` for what is not JSON.
 */
export async function readMessage(
  request: Request,
  { signal }: HttpCall,
  bodies: JsonBodies,
  room: BodyRoom,
): Promise<unknown> {
  const message = await bodies.read(request, room, signal);
  if (message === undefined) throw new OperationError("malformed_request", { part: "body", problem: "is not JSON" });
  if (Array.isArray(message) && message.length > BATCH_MAX)
    throw new OperationError("malformed_request", { part: "body", problem: `has more than ${BATCH_MAX} messages` });
  return message;
}

/** An answer that gives the room of its request back when it has been sent: a tool may run while its answer has begun. */
export function releasing(response: Response, room: BodyRoom, { signal }: HttpCall): Response {
  const isStream = (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
  if (!isStream || response.body === null || !room.isTaken) {
    room.release();
    return response;
  }
  signal.addEventListener("abort", () => room.release(), { once: true });
  const passed = new TransformStream<Uint8Array, Uint8Array>({ flush: () => room.release() });
  return new Response(response.body.pipeThrough(passed), response);
}
