import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type CallToolResult,
  PROTOCOL_VERSION_META_KEY,
  SERVER_INFO_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/server";

/** The first version of the protocol that says in each message which one it is. */
const MODERN = "2026-07-28";
const OLD: ReadonlySet<string> = new Set(SUPPORTED_PROTOCOL_VERSIONS.filter((version) => version < MODERN));

type Fields = Readonly<Record<string, unknown>>;

/** A call of a tool in which there is nothing to be refused or negotiated. */
export interface PlainCall {
  readonly id: string | number;
  readonly name: string;
  readonly args: Fields;
  readonly meta: Fields;
  readonly isModern: boolean;
}

/**
 * A message that is nothing but the call of a tool, in either version, by a client that takes JSON; undefined for every other one, and for
 * whatever is not quite so: the protocol's own library serves those, and says what is wrong. Most messages are such calls, and to answer them
 * here takes a third of the time. The answer is the same.
 */
export function plainCall(message: unknown, headers: Headers): PlainCall | undefined {
  if (!isFields(message) || message["jsonrpc"] !== "2.0" || message["method"] !== "tools/call") return undefined;
  const { id, params } = message;
  if ((typeof id !== "string" && !Number.isSafeInteger(id)) || !isFields(params)) return undefined;
  const { name, arguments: args = {}, _meta: meta = {} } = params;
  if (typeof name !== "string" || !isFields(args) || !isFields(meta) || meta["progressToken"] !== undefined)
    return undefined;
  if (!hasOnly(message, MESSAGE_FIELDS) || !hasOnly(params, CALL_FIELDS)) return undefined;
  const accept = headers.get("accept") ?? "";
  if (!accept.includes("application/json") || !accept.includes("text/event-stream")) return undefined;
  const isModern = meta[PROTOCOL_VERSION_META_KEY] !== undefined;
  if (!(isModern ? isModernCall(name, meta, headers) : isOldCall(headers))) return undefined;
  return { id: id as string | number, name, args, meta, isModern };
}

/** The answer to a plain call. */
export function plainAnswer({ id, isModern }: PlainCall, result: CallToolResult, serverInfo: Fields): Response {
  const { _meta: meta } = result;
  const told = isModern
    ? { ...result, resultType: "complete", _meta: { ...meta, [SERVER_INFO_META_KEY]: serverInfo } }
    : result;
  return new Response(JSON.stringify({ result: told, jsonrpc: "2.0", id }), {
    headers: { "content-type": "application/json" },
  });
}

const MESSAGE_FIELDS: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params"]);
const CALL_FIELDS: ReadonlySet<string> = new Set(["name", "arguments", "_meta"]);

function isModernCall(name: string, meta: Fields, headers: Headers): boolean {
  const { [CLIENT_INFO_META_KEY]: client, [CLIENT_CAPABILITIES_META_KEY]: capabilities } = meta;
  return (
    meta[PROTOCOL_VERSION_META_KEY] === MODERN &&
    headers.get("mcp-protocol-version") === MODERN &&
    headers.get("mcp-method") === "tools/call" &&
    headers.get("mcp-name") === name &&
    isFields(client) &&
    typeof client["name"] === "string" &&
    typeof client["version"] === "string" &&
    hasOnly(client, CLIENT_FIELDS) &&
    isFields(capabilities) &&
    Object.keys(capabilities).length === 0
  );
}

const CLIENT_FIELDS: ReadonlySet<string> = new Set(["name", "version"]);

function isOldCall(headers: Headers): boolean {
  const version = headers.get("mcp-protocol-version");
  return (version === null || OLD.has(version)) && !headers.has("mcp-method") && !headers.has("mcp-name");
}

function hasOnly(value: Fields, known: ReadonlySet<string>): boolean {
  for (const name in value) if (!known.has(name)) return false;
  return true;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
