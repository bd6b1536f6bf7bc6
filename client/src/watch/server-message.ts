import { GitError } from "../errors.ts";

/** An event as the server's message has it. */
export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly timestamp: Date;
}

/** What the server may say on `/ws`. */
export type ServerMessage =
  | { readonly type: "subscribed"; readonly eventId: string }
  | { readonly type: "event"; readonly event: ServerEvent }
  | { readonly type: "error"; readonly error: string; readonly code: string; readonly requestId?: string }
  /** `pong`, and whatever later servers may say besides. */
  | { readonly type: "other" };

type Fields = Readonly<Record<string, unknown>>;

/** Reads a message of the server. Throws `GitError` (`UNKNOWN`) for what is none. */
export function parseServerMessage(text: string): ServerMessage {
  const message = fieldsOf(text);
  switch (message["type"]) {
    case "subscribed":
      return { type: "subscribed", eventId: eventIdOf(message) };
    case "event":
      return { type: "event", event: eventOf(message) };
    case "error": {
      const { error, code, request_id: requestId } = message;
      return {
        type: "error",
        error: typeof error === "string" ? error : "the server has refused",
        code: typeof code === "string" ? code : "unknown",
        ...(typeof requestId === "string" && { requestId }),
      };
    }
    default:
      return { type: "other" };
  }
}

function fieldsOf(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable("a message is not JSON", error);
  }
  if (!isFields(value)) throw unreadable("a message is not an object");
  return value;
}

function eventOf(message: Fields): ServerEvent {
  const { event, data, timestamp } = message;
  if (typeof event !== "string") throw unreadable("an event has no name");
  if (!isFields(data)) throw unreadable("an event has no data");
  const date = new Date(typeof timestamp === "string" ? timestamp : Number.NaN);
  if (Number.isNaN(date.getTime())) throw unreadable("an event has no time");
  return { id: eventIdOf(message), event, data, timestamp: date };
}

function eventIdOf({ event_id: id }: Fields): string {
  if (typeof id !== "string" || !/^\d{1,19}$/.test(id)) throw unreadable("an event has no number");
  return id;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const unreadable = (problem: string, cause?: unknown): GitError =>
  new GitError(`not Holdfast's event stream: ${problem}`, { code: "UNKNOWN", cause });
