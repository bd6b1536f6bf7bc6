import { OperationError } from "./errors.ts";

/** A person as a caller names them, before Git's cleaning. */
export interface Person {
  readonly name: Uint8Array;
  readonly email: Uint8Array;
}

/** A point in time with the zone it is told in. */
export interface ZonedTime {
  /** Seconds since 1970. */
  readonly seconds: number;
  /** Minutes east of UTC. */
  readonly offsetMinutes: number;
}

const LESS = 0x3c;
const GREATER = 0x3e;
const NEWLINE = 0x0a;
const NUL = 0x00;

/** Removes what would end the field of an identity line early: `<`, `>` and newlines. */
export function stripDelimiters(text: Uint8Array): Uint8Array {
  return text.filter((byte) => byte !== LESS && byte !== GREATER && byte !== NEWLINE);
}

/** The characters that git-commit-tree strips from both ends of names: up to space, and `, : ; < > " \ '`. */
function isCrud(byte: number): boolean {
  return byte <= 0x20 || ",:;<>\"\\'".includes(String.fromCharCode(byte));
}

/** Cleans a name or mail address as git does before it writes a commit (ident.c's rules, git-commit-tree(1)). */
export function cleanIdentityPart(text: Uint8Array): Uint8Array {
  let start = 0;
  let end = text.length;
  while (start < end && isCrud(text[start]!)) start++;
  while (end > start && isCrud(text[end - 1]!)) end--;
  return stripDelimiters(text.subarray(start, end));
}

/** Formats `Name <mail> seconds zone`, the value of an identity header. Throws `invalid_identity` when a NUL is in it. */
export function formatIdentity(person: Person, time: ZonedTime): Uint8Array {
  if (person.name.includes(NUL) || person.email.includes(NUL)) {
    throw new OperationError("invalid_identity", { problem: "contains a NUL byte" });
  }
  return Buffer.concat([
    person.name,
    Buffer.from(" <"),
    person.email,
    Buffer.from(`> ${time.seconds} ${formatOffset(time.offsetMinutes)}`),
  ]);
}

function formatOffset(offsetMinutes: number): string {
  const absolute = Math.abs(offsetMinutes);
  const hours = String(Math.floor(absolute / 60)).padStart(2, "0");
  const minutes = String(absolute % 60).padStart(2, "0");
  return `${offsetMinutes < 0 ? "-" : "+"}${hours}${minutes}`;
}
