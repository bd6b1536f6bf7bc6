import { shownLine, shownLines, type Text } from "../text.ts";

interface Signature {
  readonly name: Text;
  readonly email: Text;
  /** Seconds since 1970, in decimal; absent when the line has no date. */
  readonly seconds?: string;
  /** Such as `+0100`; empty when there is none. */
  readonly timezone: string;
}

/** A commit, as operations tell it. */
export interface CommitData {
  readonly oid: string;
  readonly treeOid: string;
  readonly parentOids: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly signatureType: string;
  readonly message: Text;
}

const ABBREVIATED = 7;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** What a Date of JavaScript can hold at most, milliseconds. */
const DATE_MS_MAX = 8.64e15;

/** The head of a commit as `git show` prints it (git-show(1), `--format=medium`). */
export function commitLines(commit: CommitData): string[] {
  const { oid, parentOids, author, message } = commit;
  return [
    `commit ${oid}`,
    ...(parentOids.length > 1 ? [`Merge: ${parentOids.map((parent) => parent.slice(0, ABBREVIATED)).join(" ")}`] : []),
    `Author: ${person(author)}`,
    `Date:   ${dateOf(author)}`,
    "",
    ...shownLines(message).map((line) => `    ${line}`),
  ];
}

/** A commit as `--json` prints it. */
export function describeCommit({ oid, treeOid, parentOids, author, committer, signatureType, message }: CommitData) {
  return {
    oid,
    tree: treeOid,
    parents: parentOids,
    author: describeSignature(author),
    committer: describeSignature(committer),
    signature: signatureType,
    message,
  };
}

const person = ({ name, email }: Signature): string => `${shownLine(name)} <${shownLine(email)}>`;

function describeSignature({ name, email, seconds, timezone }: Signature) {
  const local = seconds === undefined ? undefined : localTime(Number(seconds), timezone);
  if (local === undefined) return { name, email, date: null };
  const [, sign = "+", hours = "00", minutes = "00"] = /^([+-])(\d\d)(\d\d)$/.exec(timezone) ?? [];
  return { name, email, date: `${local.toISOString().replace(/\.\d+Z$/, "")}${sign}${hours}:${minutes}` };
}

/** Such as `Thu Apr 7 15:13:13 2005 -0700`: in the author's own time zone. */
function dateOf({ seconds, timezone }: Signature): string {
  const local = seconds === undefined ? undefined : localTime(Number(seconds), timezone);
  if (local === undefined) return "unknown";
  const time = local.toISOString().slice(11, 19);
  const day = `${DAYS[local.getUTCDay()]} ${MONTHS[local.getUTCMonth()]} ${local.getUTCDate()}`;
  return `${day} ${time} ${local.getUTCFullYear()} ${timezone === "" ? "+0000" : timezone}`;
}

/** The clock on the wall of somebody in a time zone, as if it were UTC; undefined for what is no date. */
function localTime(seconds: number, timezone: string): Date | undefined {
  const [, sign = "+", hours = "0", minutes = "0"] = /^([+-])(\d\d)(\d\d)$/.exec(timezone) ?? [];
  const offsetMinutes = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  const ms = (seconds + offsetMinutes * 60) * 1000;
  return Math.abs(ms) <= DATE_MS_MAX ? new Date(ms) : undefined;
}
