import type { DeliveredEvent } from "../../../contract/events.ts";
import type { Caller } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { watchEvents } from "../../../operations/index.ts";
import type { EventStream } from "../../http/event-stream.ts";
import type { ClientSession } from "./client-sessions.ts";
import { isAbout } from "./followed.ts";

export interface GetListening {
  readonly engine: Engine;
  readonly caller: Caller;
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** The stream of a GET, as clients of 2025 listen: tells of what the client's session follows, whenever it began to. */
export async function listenByGet(
  stream: EventStream,
  session: ClientSession,
  { engine, caller, onBug }: GetListening,
): Promise<Response> {
  const events = (engine.run(watchEvents, {}, caller) as AsyncIterable<DeliveredEvent>)[Symbol.asyncIterator]();
  // What is wrong shows before the stream begins.
  await events.next();
  const stopListening = session.listen(() => stream.end());
  return stream.response(async () => {
    try {
      // The head of an answer goes out with its first bytes, and the client waits for it.
      await stream.send(":\n\n");
      for (let next = await events.next(); next.done !== true; next = await events.next()) {
        for (const one of session.followed) {
          if (!isAbout(next.value, one)) continue;
          const waiting = stream.send(updated(one.uri));
          if (waiting !== undefined) await waiting;
        }
      }
    } catch (error) {
      if (!stream.signal.aborted && !(error instanceof OperationError)) onBug(error, caller.requestId);
    } finally {
      stopListening();
      await events.return?.();
    }
  });
}

function updated(uri: string): string {
  const message = { jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri } };
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}
