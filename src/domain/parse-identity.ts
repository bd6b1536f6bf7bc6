import { type ByteString, fromByteString } from "./bytes.ts";
import { DATE_UNREADABLE, type Identity } from "./identity.ts";

/** Latest second that counts as a date: what a double still holds exactly. */
const MAX_SECONDS = 2n ** 53n;

const DIGITS = /^[0-9]+$/;

/** Parses `Name <mail> seconds zone`, the value of an author, committer or tagger header. */
export function parseIdentity(line: ByteString): Identity {
  const open = line.indexOf("<");
  const rawName = open < 0 ? line : line.slice(0, open);
  const name = fromByteString(rawName.endsWith(" ") ? rawName.slice(0, -1) : rawName);
  const close = open < 0 ? -1 : line.indexOf(">", open);
  if (close < 0) return { name, email: new Uint8Array(), timezone: "" };
  const email = fromByteString(line.slice(open + 1, close));
  const rest = line.slice(close + 1).trim();
  if (rest === "") return { name, email, timezone: "" };
  const space = rest.indexOf(" ");
  if (space < 0) return { name, email, seconds: parseSeconds(rest), timezone: "" };
  const zone = rest.slice(space + 1).trimStart();
  // With a third field nobody can tell which one is the zone.
  return { name, email, seconds: parseSeconds(rest.slice(0, space)), timezone: zone.includes(" ") ? "" : zone };
}

function parseSeconds(text: string): bigint {
  if (!DIGITS.test(text)) return DATE_UNREADABLE;
  const seconds = BigInt(text);
  return seconds > MAX_SECONDS ? DATE_UNREADABLE : seconds;
}
