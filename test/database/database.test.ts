import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { type Database, DatabaseError, openDatabase } from "../../src/database/database.ts";
import { isUniqueViolation } from "../../src/database/database-error.ts";
import { failureOf } from "../support/failure-of.ts";
import { DATABASES, makeTestDatabase, type TestDatabase } from "../support/test-databases.ts";

const user = (name: string) => ({ name, is_admin: 0, display_name: "", email: "", created_at_ms: 1_795_000_000_000 });

for (const kind of DATABASES) {
  describe(`the database on ${kind}`, () => {
    let place: TestDatabase;
    let database: Database;
    beforeEach(async () => {
      place = await makeTestDatabase(kind);
      database = await place.open();
    });
    afterEach(async () => {
      await database.close();
      await place.remove();
    });

    const names = async () => {
      const rows = await database.run((db) => db.selectFrom("users").select("name").orderBy("id").execute());
      return rows.map(({ name }) => name);
    };

    test("gives back the values that were written, as numbers and text", async () => {
      const row = await database.run((db) =>
        db.insertInto("users").values(user("grün")).returningAll().executeTakeFirstOrThrow(),
      );
      expect(row).toEqual({ id: 1, ...user("grün") });
      const { count } = await database.run((db) =>
        db
          .selectFrom("users")
          .select((each) => each.fn.countAll<number>().as("count"))
          .executeTakeFirstOrThrow(),
      );
      expect(count).toBe(1);
    });

    test("a transaction that fails leaves nothing", async () => {
      const failed = database.transaction(async (db) => {
        await db.insertInto("users").values(user("bob")).execute();
        throw new Error("no");
      });
      expect(await failureOf(failed)).toEqual(new Error("no"));
      expect(await names()).toEqual([]);
    });

    test("transactions at once all take effect", async () => {
      const all = Array.from({ length: 20 }, (_, at) => `user-${String(at).padStart(2, "0")}`);
      await Promise.all(
        all.map((name) =>
          database.transaction(async (db) => {
            await db.insertInto("users").values(user(name)).execute();
          }),
        ),
      );
      expect((await names()).toSorted()).toEqual(all);
    });

    test("tells a second of its kind from other failures", async () => {
      await database.run((db) => db.insertInto("users").values(user("bob")).execute());
      const error = await failureOf(database.run((db) => db.insertInto("users").values(user("bob")).execute()));
      expect(isUniqueViolation(error)).toBe(true);
      expect(isUniqueViolation(new Error("other"))).toBe(false);
    });

    test("an id is never given twice", async () => {
      const add = (name: string) =>
        database.run((db) => db.insertInto("users").values(user(name)).returning("id").executeTakeFirstOrThrow());
      const { id } = await add("bob");
      await database.run((db) => db.deleteFrom("users").execute());
      expect((await add("bob")).id).toBeGreaterThan(id);
    });

    test("opened again it has what was written, and no migration runs twice", async () => {
      await database.run((db) => db.insertInto("users").values(user("bob")).execute());
      await database.close();
      database = await place.open();
      expect(await names()).toEqual(["bob"]);
      await database.check();
    });

    test("what belongs to a user goes with him", async () => {
      const { id } = await database.run((db) =>
        db.insertInto("users").values(user("bob")).returning("id").executeTakeFirstOrThrow(),
      );
      const key = { user_id: id, fingerprint: "f", type: "t", blob: "", comment: "", created_at_ms: 1 };
      await database.run((db) => db.insertInto("ssh_keys").values(key).execute());
      await database.run((db) => db.deleteFrom("users").where("id", "=", id).execute());
      expect(await database.run((db) => db.selectFrom("ssh_keys").selectAll().execute())).toEqual([]);
    });
  });
}

describe("openDatabase", () => {
  test("keeps the file to its owner", async () => {
    const place = await makeTestDatabase("sqlite");
    const database = await place.open();
    expect(statSync((place.place as { file: string }).file).mode & 0o777).toBe(0o600);
    await database.close();
    await place.remove();
  });

  test("says what is wrong with a database that cannot be reached, without its password", async () => {
    const error = await failureOf(openDatabase({ url: "postgres://bob:secret@127.0.0.1:1/holdfast" }));
    expect(error).toBeInstanceOf(DatabaseError);
    const { message } = error as Error;
    expect(message).toContain("postgres://bob:…@127.0.0.1:1/holdfast");
    expect(message).toContain("ECONNREFUSED");
    expect(message).not.toContain("secret");
  });

  test("two servers do not share one of PostgreSQL: the second waits for the first, but not for ever", async () => {
    const place = await makeTestDatabase("postgres");
    const first = await place.open();
    const error = await failureOf(openDatabase(place.place, { patienceMs: 0 }));
    expect((error as Error).message).toContain("another server uses it");
    const second = openDatabase(place.place);
    await first.close();
    await (await second).close();
    await place.remove();
  });

  test("a database whose connections were cut is unavailable until it is this server's alone again", async () => {
    const place = await makeTestDatabase("postgres");
    const cut = Promise.withResolvers<void>();
    let lost = 0;
    // One connection holds the lock, one was used for the migrations.
    const database = await openDatabase(place.place, { onIdleError: () => ++lost === 2 && cut.resolve() });
    await place.disconnectAll();
    await cut.promise;
    expect(await failureOf(database.check())).toMatchObject({ reason: "database_unavailable" });
    const isUp = () =>
      database.check().then(
        () => true,
        () => false,
      );
    while (!(await isUp()));
    expect(await database.run((db) => db.selectFrom("users").selectAll().execute())).toEqual([]);
    await database.close();
    await place.remove();
  });

  test("a database that has gone is unavailable", async () => {
    const place = await makeTestDatabase("postgres");
    const database = await place.open();
    await place.remove();
    expect(await failureOf(database.check())).toMatchObject({ reason: "database_unavailable" });
    await database.close();
  });
});
