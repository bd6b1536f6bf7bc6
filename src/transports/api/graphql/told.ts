/** What an operation has told, as JSON, and the repository that it was asked about: fields of the graph go on from there. */
export class Told {
  constructor(
    readonly json: Readonly<Record<string, unknown>>,
    readonly repo: string | undefined,
  ) {}
}

/** The JSON of a field with the repository it is from; lists item by item. */
export function toldOf(json: unknown, repo: string | undefined): unknown {
  if (Array.isArray(json)) return json.map((item) => toldOf(item, repo));
  return typeof json === "object" && json !== null ? new Told(json as Record<string, unknown>, repo) : json;
}
