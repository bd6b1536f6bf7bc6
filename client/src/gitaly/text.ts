/** Git's texts are bytes; what is not UTF-8 is replaced, a byte order mark stays. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const encoder = new TextEncoder();

export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Do the bytes say the same as their text? */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The bytes as a plain array that shares nothing with the message they came in but its memory. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const BRANCHES = "refs/heads/";
const TAGS = "refs/tags/";

/** Servers differ in whether they name branches in full; this is the short name in both cases. */
export function shortBranchName(name: Uint8Array): string {
  return without(BRANCHES, textOf(name));
}

export function shortTagName(name: Uint8Array): string {
  return without(TAGS, textOf(name));
}

/** `refs/heads/…` of what is no full name yet, nor an id. */
export function fullBranchName(name: string): string {
  return name.startsWith("refs/") || name === "HEAD" || /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name)
    ? name
    : BRANCHES + name;
}

function without(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
