/** What one check of the doctor found. */
export interface Finding {
  readonly check: string;
  /** `problem`: the server will not work well; `warning`: it will, for now. */
  readonly verdict: "good" | "warning" | "problem";
  /** The fact, in one line. */
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** All is well. */
export const good = (check: string, found: string): Finding => ({ check, verdict: "good", found });

/** Something to look after. */
export const warning = (check: string, found: string, advice: string): Finding => ({
  check,
  verdict: "warning",
  found,
  advice,
});

/** Something that must be changed. */
export const problem = (check: string, found: string, advice: string): Finding => ({
  check,
  verdict: "problem",
  found,
  advice,
});
