import type { Static, TSchema } from "@sinclair/typebox";
import { join } from "node:path";
import { test } from "bun:test";
import type { Clock } from "../../src/contract/context.ts";
import type { Principal } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import type { Config } from "../../src/config.ts";
import type { Operation, OperationShape, ResultOfShape } from "../../src/contract/operation.ts";
import type { ObjectFormat } from "../../src/domain/oid.ts";
import { systemClock } from "../../src/telemetry/clock.ts";
import { TemporaryRepository } from "./temporary-repository.ts";
import { openTestEngine, type TestEngine } from "./test-engine.ts";

/** A repository with one branch, and two users who may write in it. */
export class SessionStory {
  readonly test: TestEngine;
  readonly repository: RepositoryRef;
  /** The repository for real git. */
  readonly git: TemporaryRepository;
  readonly alice: Principal;
  readonly bob: Principal;

  private constructor(test: TestEngine, repository: RepositoryRef, alice: Principal, bob: Principal) {
    this.test = test;
    this.repository = repository;
    this.git = TemporaryRepository.at(test.pathOf(repository));
    this.alice = alice;
    this.bob = bob;
  }

  static async open(
    settings: Partial<Config> = {},
    { objectFormat = "sha1", clock = systemClock }: { objectFormat?: ObjectFormat; clock?: Clock } = {},
  ): Promise<SessionStory> {
    const test = await openTestEngine(settings, clock);
    const repository = await test.createRepository("group/project", objectFormat);
    const [alice, bob] = await Promise.all(["alice", "bob"].map((name) => userWhoWrites(test, repository, name)));
    return new SessionStory(test, repository, alice!, bob!);
  }

  /** Runs an operation on the repository, as Alice unless somebody else is named. */
  run<I extends TSchema, O extends TSchema, S extends OperationShape, P>(
    operation: Operation<I, O, S, P>,
    input: Omit<Static<I>, "repository">,
    principal: Principal = this.alice,
  ): ResultOfShape<Static<O>>[S] {
    const caller = { ...this.test.as(principal), door: "rest" } as const;
    return this.test.engine.run(operation, { repository: this.repository, ...input } as Static<I>, caller);
  }

  /** Runs real git in a session's worktree, and gives its output without the newline at the end. */
  async inSession(id: string, args: readonly string[]): Promise<string> {
    return await TemporaryRepository.at(this.worktree(id)).text(args);
  }

  /** Where the files of a session are. */
  worktree(id: string): string {
    return join(this.test.directory, "sessions", id, "worktree");
  }

  close(): Promise<void> {
    return this.test.close();
  }
}

async function userWhoWrites({ identity }: TestEngine, repository: RepositoryRef, name: string): Promise<Principal> {
  const user = await identity.users.create({ name, isAdmin: false, email: `${name}@example.com` });
  await identity.repositories.setCollaborator(repository, name, "read-write");
  return { kind: "user", name, user: { id: user.id, isAdmin: false } };
}

/** Declares a test that runs on both backends. */
export function onBothBackends(
  title: string,
  run: (story: SessionStory) => Promise<void>,
  settings: Partial<Config> = {},
): void {
  for (const backend of ["libgit2", "shell"] as const) {
    test(`${title} (${backend})`, async () => {
      const story = await SessionStory.open({ ...settings, backend });
      try {
        await run(story);
      } finally {
        await story.close();
      }
    });
  }
}
