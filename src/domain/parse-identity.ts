import { type ByteString, fromByteString } from "./bytes.ts";
import { DATE_UNREADABLE, type Identity } from "./identity.ts";

/** Latest second that counts as a date: what a double still holds exactly. */
const SECONDS_MAX = 2 ** 53;

const DIGITS = /^[0-9]+$/;
const NOTHING = new Uint8Array();

/**
 * Parses `Name <mail> seconds zone`, the value of an author, committer or tagger header. Where the bytes of the line are at hand
 * already, the parts of the identity are views of them.
 */
export function parseIdentity(line: ByteString, bytes: Uint8Array = fromByteString(line)): Identity {
  const open = line.indexOf("<");
  const nameEnd = open < 0 ? line.length : open;
  const name = bytes.subarray(0, nameEnd > 0 && line.charCodeAt(nameEnd - 1) === 0x20 ? nameEnd - 1 : nameEnd);
  const close = open < 0 ? -1 : line.indexOf(">", open);
  if (close < 0) return { name, email: NOTHING, timezone: "" };
  const email = bytes.subarray(open + 1, close);
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
  const seconds = Number(text);
  return seconds > SECONDS_MAX ? DATE_UNREADABLE : BigInt(seconds);
}
