import { type ByteString, decodeUtf8, encodeUtf8 } from "../../../../domain/bytes.ts";
import type { GitPath } from "../../../../domain/git-object.ts";

/** Where a page of a tree begins: behind a path, or (the old form) behind an object. */
export type TreePageToken = { readonly after: GitPath } | { readonly afterOid: string };

/** What the token holds: the path as text and, where text cannot carry it, its bytes as well. */
interface TokenContent {
  readonly file_name: string;
  readonly file_name_base64?: string;
}

/** Makes the token of the page behind an entry. */
export function encodeTreePageToken(path: GitPath): string {
  const text = decodeUtf8(path);
  const isText = encodeUtf8(text) === path;
  const content: TokenContent = {
    file_name: text,
    ...(isText ? {} : { file_name_base64: Buffer.from(path, "latin1").toString("base64") }),
  };
  return Buffer.from(JSON.stringify(content)).toString("base64");
}

/** Reads a token; what is none of ours is taken for an object id. */
export function decodeTreePageToken(token: string): TreePageToken {
  const content = parse(token);
  if (content === undefined) return { afterOid: token };
  const { file_name_base64: base64 } = content;
  return { after: base64 === undefined ? encodeUtf8(content.file_name) : fromBase64(base64) };
}

function parse(token: string): TokenContent | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(token, "base64").toString("utf8"));
    return isTokenContent(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

function isTokenContent(content: unknown): content is TokenContent {
  if (typeof content !== "object" || content === null) return false;
  const { file_name: text, file_name_base64: base64 } = content as Partial<Record<keyof TokenContent, unknown>>;
  return typeof text === "string" && (base64 === undefined || typeof base64 === "string");
}

function fromBase64(text: string): ByteString {
  return Buffer.from(text, "base64").toString("latin1");
}
