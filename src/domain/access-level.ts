/** What somebody may do with a repository, from nothing to everything; each level includes those before it. */
export const ACCESS_LEVELS = ["no-access", "read-only", "read-write", "admin-access"] as const;

export type AccessLevel = (typeof ACCESS_LEVELS)[number];

/** Does a level include another? */
export function allows(level: AccessLevel, needed: AccessLevel): boolean {
  return ACCESS_LEVELS.indexOf(level) >= ACCESS_LEVELS.indexOf(needed);
}

/** The higher of two levels. */
export function higherLevel(a: AccessLevel, b: AccessLevel): AccessLevel {
  return allows(a, b) ? a : b;
}
