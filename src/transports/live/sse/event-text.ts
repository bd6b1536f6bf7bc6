import type { DeliveredEvent } from "../../../contract/events.ts";

/** Texts of events, for as long as somebody has the event: written once, however many are told. */
const texts = new WeakMap<DeliveredEvent, string>();

/** An event as an `EventSource` reads it. JSON has no line breaks, so that one line of data is enough. */
export function eventText(event: DeliveredEvent): string {
  let text = texts.get(event);
  if (text === undefined) {
    text = `id: ${event.event_id}\nevent: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`;
    texts.set(event, text);
  }
  return text;
}
