/** Ids of objects, times, sessions and secrets differ between two runs of the same example. */
const CHANCES: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b/g, "<id>"],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g, "<time>"],
  [/\b[0-9a-f]{24}\b/g, "<session>"],
  [/\bhft_[\w-]+/g, "<token>"],
  [/\bAAAAC3NzaC1lZDI1NTE5[\w+/]+/g, "<key>"],
  [/\bSHA256:[\w+/]{43}/g, "<fingerprint>"],
  [/\/[^ ]*\/holdfast-[a-z]+-\w{6}\//g, "<directory>/"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uuid>"],
];

/** Fields that tell what the server has done so far, and does at this moment. */
const OF_THE_MOMENT: ReadonlySet<string> = new Set(["calls", "running", "attempts"]);

/** Milliseconds since 1970 that lie in this century. */
const isMoment = (value: number): boolean => Number.isInteger(value) && value > 1_000_000_000_000;

/** A value without what no two runs have in common. `kept` are ids that do not depend on chance. */
export function withoutChance(value: unknown, kept: ReadonlySet<string>, chances: readonly string[] = []): unknown {
  const text = (said: string): string => {
    let told = said;
    for (const chance of chances) told = told.replaceAll(chance, "<chance>");
    for (const [pattern, name] of CHANCES) told = told.replace(pattern, (found) => (kept.has(found) ? found : name));
    return told;
  };
  const plain = (part: unknown): unknown => {
    if (typeof part === "string") return text(part);
    if (typeof part === "number") return isMoment(part) ? "<moment>" : part;
    if (part instanceof Uint8Array) return { bytes: text(Buffer.from(part).toString("latin1")) };
    if (Array.isArray(part)) return part.map(plain);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(
      Object.entries(part)
        .filter(([name, each]) => each !== undefined && !OF_THE_MOMENT.has(name))
        .map(([name, each]) => [name, plain(each)]),
    );
  };
  return plain(value);
}
