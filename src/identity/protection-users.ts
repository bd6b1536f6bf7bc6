import type { Kysely } from "kysely";
import type { Schema } from "../database/schema.ts";

/**
 * Rules name users, as those of the Gitaly protocol have no account here: a name that somebody gives up must not stand for the next
 * who takes it.
 */
export async function renameInProtections(
  db: Kysely<Schema>,
  name: string,
  newName: string | undefined,
): Promise<void> {
  const rows = await db
    .selectFrom("protections")
    .select(["repository_id", "pattern", "users"])
    // A name has no special character but "_", which finds too much; each name is compared again.
    .where("users", "like", `%"${name}"%`)
    .execute();
  for (const { repository_id, pattern, users } of rows) {
    const names = (JSON.parse(users ?? "[]") as string[]).flatMap((each) => (each === name ? (newName ?? []) : [each]));
    await db
      .updateTable("protections")
      .set({ users: JSON.stringify(names) })
      .where("repository_id", "=", repository_id)
      .where("pattern", "=", pattern)
      .execute();
  }
}
