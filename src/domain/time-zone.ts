import { OperationError } from "./errors.ts";

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Minutes east of UTC in an IANA time zone at a moment; an empty name is UTC. Throws `invalid_input` with field `timezone`
 * for a zone that is not known.
 */
export function offsetMinutesAt(zone: string, seconds: number): number {
  if (zone === "" || zone === "UTC") return 0;
  const parts = formatOf(zone).formatToParts(new Date(seconds * 1000));
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  const match = /^GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(name);
  if (match?.[1] === undefined) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === "-" ? -minutes : minutes;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
    } catch (cause) {
      throw new OperationError("invalid_input", { field: "timezone", problem: `unknown time zone ${zone}` }, { cause });
    }
    formats.set(zone, format);
  }
  return format;
}
