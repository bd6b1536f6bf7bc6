import type { GitAuthor } from "../domain/commit.ts";
import { ValidationError } from "../errors.ts";
import { type ByteString, toByteString, toText } from "./byte-string.ts";

/** A point in time and the zone it is told in. */
export interface Moment {
  /** Since 1970. */
  readonly seconds: number;
  /** `+0200` */
  readonly zone: string;
}

/** The moment of a change: the clock's seconds, in the user's zone. `ValidationError` for a zone that does not exist. */
export function momentOf(now: Date, timezone: string | undefined): Moment {
  const seconds = Math.floor(now.getTime() / 1000);
  return { seconds, zone: zoneAt(seconds, timezone ?? "") };
}

function zoneAt(seconds: number, timezone: string): string {
  if (timezone === "") return "+0000";
  let name: string | undefined;
  try {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: timezone, timeZoneName: "longOffset" });
    name = format.formatToParts(seconds * 1000).find(({ type }) => type === "timeZoneName")?.value;
  } catch (cause) {
    throw new ValidationError(`unknown time zone ${timezone}`, { code: "INVALID_ARGUMENT", cause });
  }
  // "GMT+05:30", or "GMT" alone; zones before standard time may have seconds, which Git's form has no room for.
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name ?? "") ?? [];
  return sign === undefined ? "+0000" : `${sign}${hours}${minutes}`;
}

/** Commits name people as git-commit-tree(1) does. `ValidationError` when nothing is left of name or mail. */
export function commitIdentity(person: { readonly name: string; readonly email: string }, moment: Moment): ByteString {
  const name = cleaned(person.name);
  const email = cleaned(person.email);
  if (name === "" || email === "") throw invalidIdentity("a name or mail address is empty");
  return identity(name, email, moment);
}

/** Tags keep what stands at the ends of a name. */
export function tagIdentity(person: { readonly name: string; readonly email: string }, moment: Moment): ByteString {
  return identity(withoutDelimiters(person.name), withoutDelimiters(person.email), moment);
}

function identity(name: string, email: string, { seconds, zone }: Moment): ByteString {
  if (name.includes("\0") || email.includes("\0")) throw invalidIdentity("a name or mail address contains a NUL byte");
  return toByteString(`${name} <${email}> ${seconds} ${zone}`);
}

/** ident.c strips what cannot be part of a name from both ends: up to space, and `, : ; < > " \ '`. */
function cleaned(text: string): string {
  // eslint-disable-next-line no-control-regex
  return withoutDelimiters(text.replace(/^[\x00-\x20,:;<>"\\']+|[\x00-\x20,:;<>"\\']+$/g, ""));
}

function withoutDelimiters(text: string): string {
  return text.replace(/[<>\n]/g, "");
}

function invalidIdentity(problem: string): ValidationError {
  return new ValidationError(problem, { code: "INVALID_ARGUMENT" });
}

/** The seconds of an identity line. */
export function secondsOf(line: ByteString): number {
  return Number(/> (-?\d+) [+-]\d+$/.exec(line)?.[1] ?? 0);
}

/** An identity line as the API tells it. */
export function authorOf(line: ByteString): GitAuthor {
  const [, name = "", email = ""] = /^(.*?) ?<([^>]*)>/.exec(line) ?? [];
  return { name: toText(name), email: toText(email), date: new Date(secondsOf(line) * 1000) };
}
