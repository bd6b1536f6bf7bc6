/** An SSH key, as operations tell it. */
export interface Key {
  readonly id: number;
  readonly user: string;
  readonly type: string;
  readonly fingerprint: string;
  readonly line: string;
  readonly comment: string;
  readonly createdAtMs: number;
}

/** A key as `--json` prints it. */
export const describeKey = ({ id, user, type, fingerprint, line, comment, createdAtMs }: Key) => ({
  id,
  user,
  type,
  fingerprint,
  comment,
  key: line,
  created_at: new Date(createdAtMs).toISOString(),
});
