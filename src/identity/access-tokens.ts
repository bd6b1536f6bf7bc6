import type { Selectable } from "kysely";
import type { NewToken, TokenRecord, Tokens } from "../contract/identity.ts";
import type { TokenScope } from "../contract/principal.ts";
import type { Database } from "../database/database.ts";
import type { TokensTable } from "../database/schema.ts";
import { OperationError } from "../domain/errors.ts";
import { type Accounts, checkCount, checkText, unlessGone } from "./accounts.ts";
import { Remembered } from "./remembered.ts";
import type { Revocations } from "./revocations.ts";
import { hashOfSecret, newSecret } from "./token-secret.ts";

const REMEMBERED_MAX = 10_000;
const PATTERNS_MAX = 100;
const TOKENS_MAX = 1000;
/** How often times of last use are written; they are the only ones that may be lost. */
const LAST_USED_INTERVAL_MS = 60_000;

export interface AccessTokensServices {
  readonly database: Database;
  readonly clock: { nowMs(): number };
  readonly accounts: Accounts;
  readonly revocations: Revocations;
  /** Told when times of last use could not be written. */
  readonly onWriteFailed: (error: unknown) => void;
}

/** What a secret opens. */
export interface KnownToken {
  readonly userId: number;
  readonly scope: TokenScope;
}

/** Access tokens in the database, by the hashes of their secrets. */
export class AccessTokens implements Tokens {
  readonly #services: AccessTokensServices;
  readonly #known: Remembered<string, KnownToken | undefined>;
  readonly #lastUsed = new Map<number, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(services: AccessTokensServices) {
    this.#services = services;
    this.#known = new Remembered((hash) => this.#loadKnown(hash), REMEMBERED_MAX);
    this.#timer = setInterval(() => void this.#writeLastUsed(), LAST_USED_INTERVAL_MS);
    this.#timer.unref();
  }

  /** What a secret opens now; undefined for one that is unknown, revoked or expired. */
  async use(secret: string): Promise<KnownToken | undefined> {
    const hash = hashOfSecret(secret);
    const found = this.#known.get(hash);
    const known = found instanceof Promise ? await found : found;
    // Whoever guesses must not push out what others use.
    if (known === undefined) this.#known.forget(hash);
    const nowMs = this.#services.clock.nowMs();
    if (known === undefined || isOver(known.scope, nowMs)) return undefined;
    this.#lastUsed.set(known.scope.id, nowMs);
    return known;
  }

  forgetAll(): void {
    this.#known.forgetAll();
  }

  async create(userName: string, token: NewToken): Promise<{ token: TokenRecord; secret: string }> {
    const user = await this.#services.accounts.find(userName);
    checkNew(token, this.#services.clock.nowMs());
    checkCount("access tokens of a user", (await this.list(userName)).length, TOKENS_MAX);
    const secret = newSecret();
    const values = {
      user_id: user.id,
      name: token.name,
      hash: hashOfSecret(secret),
      access: token.access,
      repositories: listText(token.repositories),
      refs: listText(token.refs),
      created_at_ms: this.#services.clock.nowMs(),
      expires_at_ms: token.expiresAtMs ?? null,
    };
    const row = await unlessGone(userName, () =>
      this.#services.database.run((db) =>
        db.insertInto("tokens").values(values).returningAll().executeTakeFirstOrThrow(),
      ),
    );
    return { token: this.#recordOf(userName, row), secret };
  }

  async list(userName: string): Promise<TokenRecord[]> {
    const user = await this.#services.accounts.find(userName);
    const rows = await this.#services.database.run((db) =>
      db.selectFrom("tokens").selectAll().where("user_id", "=", user.id).orderBy("id").execute(),
    );
    return rows.map((row) => this.#recordOf(userName, row));
  }

  async revoke(userName: string, token: string): Promise<TokenRecord> {
    const tokens = await this.list(userName);
    const named = tokens.filter(({ name }) => name === token);
    const found = tokens.find(({ id }) => String(id) === token) ?? (named.length === 1 ? named[0] : undefined);
    if (found === undefined && named.length > 1) {
      const problem = `is the name of ${named.length} tokens; use an id`;
      throw new OperationError("invalid_input", { field: "token", problem });
    }
    if (found === undefined) throw new OperationError("token_not_found", { token });
    const row = await this.#services.database.run((db) =>
      db.deleteFrom("tokens").where("id", "=", found.id).returning("hash").executeTakeFirst(),
    );
    if (row !== undefined) this.#known.forget(row.hash);
    this.#lastUsed.delete(found.id);
    this.#services.revocations.revoke({ token: found.id });
    return found;
  }

  /** Writes what is left to write. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writeLastUsed();
  }

  async #writeLastUsed(): Promise<void> {
    const times = [...this.#lastUsed];
    if (times.length === 0) return;
    this.#lastUsed.clear();
    try {
      await this.#services.database.transaction(async (db) => {
        for (const [id, last_used_at_ms] of times)
          await db.updateTable("tokens").set({ last_used_at_ms }).where("id", "=", id).execute();
      });
    } catch (error) {
      this.#services.onWriteFailed(error);
    }
  }

  async #loadKnown(hash: string): Promise<KnownToken | undefined> {
    const row = await this.#services.database.run((db) =>
      db.selectFrom("tokens").selectAll().where("hash", "=", hash).executeTakeFirst(),
    );
    return row && { userId: row.user_id, scope: { id: row.id, ...narrowing(row) } };
  }

  #recordOf(user: string, row: Selectable<TokensTable>): TokenRecord {
    const lastUsedAtMs = this.#lastUsed.get(row.id) ?? row.last_used_at_ms;
    return {
      id: row.id,
      user,
      name: row.name,
      ...narrowing(row),
      createdAtMs: row.created_at_ms,
      ...(lastUsedAtMs === null ? {} : { lastUsedAtMs }),
    };
  }
}

function isOver({ expiresAtMs }: TokenScope, nowMs: number): boolean {
  return expiresAtMs !== undefined && nowMs >= expiresAtMs;
}

function narrowing(row: Selectable<TokensTable>): Omit<TokenScope, "id"> {
  return {
    access: row.access === "write" ? "write" : "read",
    ...(row.repositories === null ? {} : { repositories: JSON.parse(row.repositories) as string[] }),
    ...(row.refs === null ? {} : { refs: JSON.parse(row.refs) as string[] }),
    ...(row.expires_at_ms === null ? {} : { expiresAtMs: row.expires_at_ms }),
  };
}

const listText = (list: readonly string[] | undefined): string | null =>
  list === undefined ? null : JSON.stringify(list);

function checkNew({ name, repositories, refs, expiresAtMs }: NewToken, nowMs: number): void {
  const refuse = (field: string, problem: string) => {
    throw new OperationError("invalid_input", { field, problem });
  };
  if (name === "") refuse("name", "is empty");
  checkText("name", name);
  for (const [field, patterns] of Object.entries({ repositories, refs })) {
    if (patterns === undefined) continue;
    if (patterns.length === 0) refuse(field, "has no pattern: leave it out for all");
    if (patterns.length > PATTERNS_MAX) refuse(field, `has more than ${PATTERNS_MAX} patterns`);
    for (const pattern of patterns) {
      if (pattern === "") refuse(field, "has an empty pattern");
      if (field === "refs" && !pattern.startsWith("refs/"))
        refuse(field, "has a pattern that is not of full names, such as refs/heads/main");
      checkText(field, pattern);
    }
  }
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) refuse("expiresAtMs", "is in the past");
}
