import type { Static, TSchema } from "@sinclair/typebox";
import type { Operation, OperationShape, ResultOfShape } from "../../src/contract/operation.ts";
import type { Principal } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import type { DatabaseKind } from "../../src/database/database.ts";
import { listEvents } from "../../src/operations/events/list-events.ts";
import { createRepository } from "../../src/operations/repositories/create-repository.ts";
import { collect } from "./collect.ts";
import { makeTestDatabase, type TestDatabase } from "./test-databases.ts";
import { openTestEngine, type TestEngine } from "./test-engine.ts";
import { refOf } from "./test-identity.ts";

const CONTROL: Principal = { kind: "control", name: "control" };

/** An engine over one of the databases, and callers with accounts. */
export class AccountStory {
  readonly test: TestEngine;
  readonly #place: TestDatabase;

  private constructor(test: TestEngine, place: TestDatabase) {
    this.test = test;
    this.#place = place;
  }

  static async open(kind: DatabaseKind): Promise<AccountStory> {
    const place = await makeTestDatabase(kind);
    return new AccountStory(await openTestEngine({ databaseUrl: place.url }), place);
  }

  /** Runs an operation as somebody; without a name as whoever may do everything. */
  run<I extends TSchema, O extends TSchema, S extends OperationShape>(
    operation: Operation<I, O, S, never>,
    input: Static<I>,
    principal: Principal = CONTROL,
  ): ResultOfShape<Static<O>>[S] {
    return this.test.engine.run(operation, input, this.test.as(principal));
  }

  list<I extends TSchema, O extends TSchema>(
    operation: Operation<I, O, "list", never>,
    input: Static<I>,
    principal?: Principal,
  ): Promise<Static<O>[]> {
    return collect(this.run(operation, input, principal));
  }

  /** Makes a user; answers him as a caller. */
  async user(name: string, isAdmin = false): Promise<Principal> {
    const { id } = await this.test.identity.users.create({ name, isAdmin });
    return { kind: "user", name, user: { id, isAdmin } };
  }

  async repository(name: string, principal: Principal, isPrivate = false): Promise<RepositoryRef> {
    const repository = refOf(name);
    await this.run(createRepository, { repository, private: isPrivate }, principal);
    return repository;
  }

  /** Events of administration so far, each with its facts. */
  async adminEvents(): Promise<[string, object][]> {
    const events = await this.list(listEvents, { admin: true });
    return events
      .filter(({ event }) => event !== "repository_created")
      .map(({ event, data }) => [event, data as object]);
  }

  async close(): Promise<void> {
    await this.test.close();
    await this.#place.remove();
  }
}
