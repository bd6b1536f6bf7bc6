import { OperationError } from "../../../domain/errors.ts";

/** What a client may say. */
export type ClientMessage =
  | { readonly type: "subscribe"; readonly channel: string; readonly since?: string }
  | { readonly type: "unsubscribe"; readonly channel: string }
  | { readonly type: "authenticate"; readonly token: string }
  | { readonly type: "ping" };

const CHANNEL_LENGTH_MAX = 1024;

/** Reads a client's message. Throws `invalid_input`. */
export function parseClientMessage(text: string): ClientMessage {
  const message = objectOf(text);
  switch (message["type"]) {
    case "subscribe":
      return { type: "subscribe", channel: channelOf(message), ...sinceOf(message["since"]) };
    case "unsubscribe":
      return { type: "unsubscribe", channel: channelOf(message) };
    case "authenticate":
      return { type: "authenticate", token: textOf(message, "token") };
    case "ping":
      return { type: "ping" };
    default:
      throw invalid("type", "is none of subscribe, unsubscribe, authenticate and ping");
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new OperationError("invalid_input", { field: "", problem: "is not JSON" }, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("", "is not a JSON object");
  return value as Record<string, unknown>;
}

function channelOf(message: Readonly<Record<string, unknown>>): string {
  const channel = textOf(message, "channel");
  if (channel.length > CHANNEL_LENGTH_MAX) throw invalid("channel", `is longer than ${CHANNEL_LENGTH_MAX} characters`);
  return channel;
}

function textOf(message: Readonly<Record<string, unknown>>, field: string): string {
  const value = message[field];
  if (typeof value !== "string" || value === "") throw invalid(field, "is not a text");
  return value;
}

/** A number of an event; as a number of JSON too, for those who count themselves. */
function sinceOf(value: unknown): { since?: string } {
  if (value === undefined || value === null) return {};
  if (typeof value === "string" && /^[0-9]{1,19}$/.test(value)) return { since: value };
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return { since: String(value) };
  throw invalid("since", "is not the number of an event");
}

function invalid(field: string, problem: string): OperationError {
  return new OperationError("invalid_input", { field, problem });
}
