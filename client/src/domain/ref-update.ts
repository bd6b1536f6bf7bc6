/** One reference of an atomic update, by its full name: `refs/heads/main`. */
export interface RefUpdate {
  readonly ref: string;
  /** What it must be now: empty, or left out, for whatever it is; zeros for "it must not exist". */
  readonly oldId?: string;
  /** What it becomes; zeros delete it. */
  readonly newId: string;
}

/** The id that stands for "no object" in repositories of SHA-1; 64 zeros do in those of SHA-256. */
export const ZERO_ID = "0".repeat(40);
