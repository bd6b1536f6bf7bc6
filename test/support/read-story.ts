import type { Static, TSchema } from "@sinclair/typebox";
import { test } from "bun:test";
import type { Operation, OperationShape, ResultOfShape } from "../../src/contract/operation.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { hasReason, type OperationError } from "../../src/domain/errors.ts";
import type { ObjectFormat } from "../../src/domain/oid.ts";
import type { Reason } from "../../src/domain/reasons.ts";
import { TemporaryRepository } from "./temporary-repository.ts";
import { openTestEngine, type TestEngine } from "./test-engine.ts";

/** The backends that every reading operation is tried on. */
const BACKENDS = ["libgit2", "shell"] as const;

/** A repository that real git fills and operations read. */
export class ReadStory {
  readonly #test: TestEngine;
  readonly repository: RepositoryRef;
  /** The same repository for real git. */
  readonly git: TemporaryRepository;

  private constructor(engine: TestEngine, repository: RepositoryRef) {
    this.#test = engine;
    this.repository = repository;
    this.git = TemporaryRepository.at(engine.pathOf(repository));
  }

  static async open(backend: (typeof BACKENDS)[number], objectFormat: ObjectFormat = "sha1"): Promise<ReadStory> {
    const engine = await openTestEngine({ backend });
    return new ReadStory(engine, await engine.createRepository("group/project", objectFormat));
  }

  get engine(): Engine {
    return this.#test.engine;
  }

  /** Runs an operation on the repository. */
  run<I extends TSchema, O extends TSchema, S extends OperationShape, P>(
    operation: Operation<I, O, S, P>,
    input: Omit<Static<I>, "repository">,
  ): ResultOfShape<Static<O>>[S] {
    return this.#test.engine.run(operation, { repository: this.repository, ...input } as Static<I>, this.#test.caller);
  }

  /** Runs an operation that lists, and gives all its items. */
  async list<I extends TSchema, O extends TSchema, P>(
    operation: Operation<I, O, "list", P>,
    input: Omit<Static<I>, "repository">,
  ): Promise<Static<O>[]> {
    const items: Static<O>[] = [];
    for await (const batch of this.run(operation, input) as AsyncIterable<Static<O>[]>) items.push(...batch);
    return items;
  }

  close(): Promise<void> {
    return this.#test.close();
  }
}

/** Declares a test that runs on a fresh repository of every backend. */
export function onEveryBackend(title: string, run: (story: ReadStory) => Promise<void>): void {
  for (const backend of BACKENDS) {
    test(`${title} (${backend})`, async () => {
      const story = await ReadStory.open(backend);
      try {
        await run(story);
      } finally {
        await story.close();
      }
    });
  }
}

/** The OperationError that a call fails with. Throws when it succeeds, or fails otherwise. */
export async function failure<R extends Reason>(call: Promise<unknown>, reason: R): Promise<OperationError<R>> {
  try {
    await call;
  } catch (error) {
    if (hasReason(error, reason)) return error;
    throw error;
  }
  throw new Error(`succeeded, where ${reason} was expected`);
}
