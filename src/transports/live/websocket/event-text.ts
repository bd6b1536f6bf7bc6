import type { DeliveredEvent } from "../../../contract/events.ts";

/** Messages of events, by channel, for as long as somebody has the event: written once, however many are told. */
const texts = new WeakMap<DeliveredEvent, Map<string, string>>();

/** The message that tells a channel of an event. */
export function eventText(event: DeliveredEvent, channel: string): string {
  let byChannel = texts.get(event);
  if (byChannel === undefined) texts.set(event, (byChannel = new Map()));
  let text = byChannel.get(channel);
  if (text === undefined) {
    const { event: name, data, timestamp, event_id } = event;
    text = JSON.stringify({ type: "event", channel, event: name, data, timestamp, event_id });
    byChannel.set(channel, text);
  }
  return text;
}
