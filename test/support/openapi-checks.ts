import { Ajv2020 } from "ajv/dist/2020.js";

type Json = Record<string, unknown>;

/** Checks answers against a description of OpenAPI 3.1. */
export class OpenapiChecks {
  readonly #document: Json;
  readonly #ajv: Ajv2020;

  constructor(document: object) {
    this.#document = document as Json;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true, formats: { "date-time": /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ } });
    this.#ajv.addSchema({ ...document, $id: "openapi" });
  }

  /** What contradicts the description in an answer to an operation; undefined where nothing does. */
  problemOf(path: string, method: string, response: Response, body: string): string | undefined {
    const template = path.replace(/:(\w+)/g, "{$1}");
    const place = ["paths", template, method.toLowerCase(), "responses", String(response.status)];
    let answer = this.#at(place);
    if (answer === undefined) return `the status ${response.status} is not described: ${body}`;
    const reference = answer["$ref"];
    if (typeof reference === "string") {
      place.splice(0, place.length, ...reference.slice(2).split("/"));
      answer = this.#at(place)!;
    }
    const content = answer["content"] as Json | undefined;
    if (content === undefined) return body === "" ? undefined : `a body is not described: ${body}`;
    const type = (response.headers.get("content-type") ?? "").split(";", 1)[0]!;
    if (content[type] === undefined) return content["*/*"] === undefined ? `${type} is not described` : undefined;
    const pointer = [...place, "content", type, "schema"].map((step) => encodeURIComponent(escaped(step))).join("/");
    const check = this.#ajv.getSchema(`openapi#/${pointer}`);
    if (check === undefined) return `${pointer} is no schema`;
    return check(JSON.parse(body)) ? undefined : `${this.#ajv.errorsText(check.errors)} in ${body}`;
  }

  #at(place: readonly string[]): Json | undefined {
    let found: unknown = this.#document;
    for (const step of place) found = (found as Json | undefined)?.[step];
    return found as Json | undefined;
  }
}

const escaped = (step: string): string => step.replaceAll("~", "~0").replaceAll("/", "~1");
