import { EventStreams } from "../transports/http/event-streams.ts";
import type { HttpDoor } from "../transports/http/http-door.ts";
import { LivePlaces } from "../transports/http/live-places.ts";
import { sseDoor } from "../transports/live/sse/sse-door.ts";
import { HistoryDoor } from "../transports/live/websocket/history-door.ts";
import { WebsocketDoor } from "../transports/live/websocket/websocket-door.ts";
import type { DoorServices } from "./door-services.ts";

/** The doors through which clients are told of things as they happen. Their addresses are among those of other doors: they are asked first. */
export function openLive({ engine, authenticator, newRequestId, onBug }: DoorServices): {
  readonly doors: readonly HttpDoor[];
  /** Streams for doors that are opened elsewhere. */
  readonly streams: EventStreams;
  /** Ends what is open, so that nobody waits for it. */
  close(): void;
} {
  const places = new LivePlaces();
  const streams = new EventStreams({ places, authenticator });
  const websocket = new WebsocketDoor({ engine, authenticator, places, newRequestId, onBug });
  const history = new HistoryDoor({ engine, authenticator, places, newRequestId, onBug });
  return {
    doors: [websocket.answer, history.answer, sseDoor({ engine, streams, onBug })],
    streams,
    close() {
      websocket.close();
      history.close();
      streams.close();
    },
  };
}
