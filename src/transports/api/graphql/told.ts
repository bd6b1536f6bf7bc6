/** A name or revision in JSON: a text where it is UTF-8. */
export type JsonBytes = string | { readonly base64: string };

/** Where something is from: the repository that was asked, and at which revision. */
export interface Place {
  readonly repo: string;
  /** In JSON, as the caller gave it. */
  readonly rev?: JsonBytes;
}

/** What an operation has told, as JSON, and where it is from: fields of the graph go on from there. */
export class Told {
  constructor(
    readonly json: Readonly<Record<string, unknown>>,
    readonly place: Place | undefined,
  ) {}
}

/** The JSON of a field with the place it is from; lists item by item. */
export function toldOf(json: unknown, place: Place | undefined): unknown {
  if (Array.isArray(json)) return json.map((item) => toldOf(item, place));
  return typeof json === "object" && json !== null ? new Told(json as Record<string, unknown>, place) : json;
}
