import { createHash, type Hash } from "node:crypto";

const BYTES = "$bytes";
const BIG_INTEGER = "$integer";

/** A value of operations as JSON that gives back the same value: bytes and big integers are tagged. */
export function toTaggedJson(value: unknown): string {
  return JSON.stringify(tagged(value));
}

/** Reads what `toTaggedJson` has written. */
export function fromTaggedJson(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const [tag, said] = Object.entries(value)[0] ?? [];
    if (typeof said !== "string") return value;
    if (tag === BYTES) return new Uint8Array(Buffer.from(said, "base64"));
    return tag === BIG_INTEGER ? BigInt(said) : value;
  });
}

function tagged(value: unknown): unknown {
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString("base64") };
  if (typeof value === "bigint") return { [BIG_INTEGER]: value.toString() };
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, tagged(part)]));
}

/** SHA-256 of a value, in hexadecimal: the same for equal values, whatever the order of their fields. */
export function hashOfValue(value: unknown): string {
  const hash = createHash("sha256");
  feed(hash, value);
  return hash.digest("hex");
}

/** Each value says first what it is and how long, so that no two values feed the same bytes. */
function feed(hash: Hash, value: unknown): void {
  if (value instanceof Uint8Array) {
    hash.update(`b${value.length}:`).update(value);
  } else if (Array.isArray(value)) {
    hash.update(`a${value.length}:`);
    for (const item of value) feed(hash, item);
  } else if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    hash.update(`o${fields.length}:`);
    for (const [name, part] of fields) {
      feed(hash, name);
      feed(hash, part);
    }
  } else {
    const text = String(value);
    hash.update(`${typeof value}${text.length}:${text}`);
  }
}
