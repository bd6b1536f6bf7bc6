/** What callers of the API are told, as `extensions.code`. */
export type CatalogErrorCode = "BAD_USER_INPUT" | "NOT_FOUND" | "CONFLICT" | "UNAVAILABLE" | "INVALID_FILE";

/** Something that the caller is to hear of, in words meant for him. */
export class CatalogError extends Error {
  override readonly name = "CatalogError";
  readonly code: CatalogErrorCode;
  /** Further facts for `extensions`. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: CatalogErrorCode, message: string, facts: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.facts = facts;
  }
}
