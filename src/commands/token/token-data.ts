/** An access token, as operations tell it. */
export interface Token {
  readonly id: number;
  readonly user: string;
  readonly name: string;
  readonly access: "read" | "write";
  readonly repositories?: readonly string[];
  readonly refs?: readonly string[];
  readonly expiresAtMs?: number;
  readonly createdAtMs: number;
  readonly lastUsedAtMs?: number;
}

/** A token as `--json` prints it. */
export const describeToken = (token: Token) => ({
  id: token.id,
  user: token.user,
  name: token.name,
  access: token.access,
  repositories: token.repositories ?? null,
  refs: token.refs ?? null,
  expires_at: timeOf(token.expiresAtMs),
  created_at: timeOf(token.createdAtMs),
  last_used_at: timeOf(token.lastUsedAtMs),
});

const timeOf = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
