import { type ByteString, fromByteString } from "./bytes.ts";
import { DATE_UNREADABLE, type Identity } from "./identity.ts";

const MAX_SECONDS = 2n ** 63n - 1n;

/** Parses `Name <mail> seconds zone`, the value of an author, committer or tagger header. */
export function parseIdentity(line: ByteString): Identity {
  const open = line.indexOf("<");
  if (open < 0) return { name: fromByteString(line.trimEnd()), email: new Uint8Array(), seconds: 0n, timezone: "" };
  const rawName = line.slice(0, open);
  const name = fromByteString(rawName.endsWith(" ") ? rawName.slice(0, -1) : rawName);
  const close = line.indexOf(">", open);
  if (close < 0) return { name, email: fromByteString(line.slice(open + 1)), seconds: 0n, timezone: "" };
  const email = fromByteString(line.slice(open + 1, close));
  const fields = line.slice(close + 1).trim().split(/ +/);
  return { name, email, seconds: parseSeconds(fields[0] ?? ""), timezone: fields.length === 2 ? fields[1]! : "" };
}

function parseSeconds(text: string): bigint {
  if (!/^[0-9]+$/.test(text)) return DATE_UNREADABLE;
  const seconds = BigInt(text);
  return seconds > MAX_SECONDS ? DATE_UNREADABLE : seconds;
}
