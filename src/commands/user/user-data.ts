/** A user, as operations tell him. */
export interface User {
  readonly id: number;
  readonly name: string;
  readonly isAdmin: boolean;
  readonly displayName: string;
  readonly email: string;
  readonly createdAtMs: number;
}

/** A user as `--json` prints him. */
export const describeUser = ({ id, name, isAdmin, displayName, email, createdAtMs }: User) => ({
  id,
  name,
  is_admin: isAdmin,
  display_name: displayName,
  email,
  created_at: new Date(createdAtMs).toISOString(),
});
