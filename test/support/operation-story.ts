import type { Static, TSchema } from "@sinclair/typebox";
import type { Operation, OperationShape, ResultOfShape } from "../../src/contract/operation.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import { hasReason, type OperationError } from "../../src/domain/errors.ts";
import type { Oid } from "../../src/domain/oid.ts";
import type { Reason } from "../../src/domain/reasons.ts";
import type { FileAction, FileActionPart } from "../../src/operations/commits/apply-file-actions.ts";
import { commitFiles } from "../../src/operations/commits/commit-files.ts";
import { runGit } from "./temporary-repository.ts";
import { openTestEngine, type TestEngine } from "./test-engine.ts";

export const JANE = { name: Buffer.from("Jane Doe"), email: Buffer.from("jane@example.com") };

/** The backends that every operation is tried on. */
export const BACKENDS = ["libgit2", "shell"] as const;

type Files = Readonly<Record<string, string | null>>;

/** One repository and what a test does with it, through operations, with real git as the referee. */
export class OperationStory {
  readonly test: TestEngine;
  readonly repository: RepositoryRef;

  private constructor(test: TestEngine, repository: RepositoryRef) {
    this.test = test;
    this.repository = repository;
  }

  static async open(
    backend: (typeof BACKENDS)[number],
    objectFormat: "sha1" | "sha256" = "sha1",
  ): Promise<OperationStory> {
    const test = await openTestEngine({ backend });
    return new OperationStory(test, await test.createRepository("group/project", objectFormat));
  }

  /** Runs an operation on the repository. */
  run<I extends TSchema, O extends TSchema, S extends OperationShape, P>(
    operation: Operation<I, O, S, P>,
    input: Omit<Static<I>, "repository">,
    parts?: AsyncIterable<P>,
  ): ResultOfShape<Static<O>>[S] {
    const { engine, caller } = this.test;
    return engine.run(operation, { repository: this.repository, ...input } as Static<I>, caller, parts);
  }

  /** Commits files (null deletes one) and gives the commit's id. */
  async commit(files: Files, more: { branch?: string; startBranch?: string } = {}): Promise<Oid> {
    const actions = Object.entries(files).map(([path, content]): [FileAction, string?] =>
      content === null ? [{ kind: "delete", path }] : [{ kind: "create", path }, content],
    );
    const input = { branch: "main", message: Buffer.from("change\n"), committer: JANE, ...more };
    return (await this.run(commitFiles, input, parts(actions))).commitOid;
  }

  /** What real git says in the repository. */
  async git(...args: string[]): Promise<string> {
    return (await runGit(this.test.pathOf(this.repository), args)).toString("latin1").trimEnd();
  }

  /** References as real git sees them, by name. */
  async references(): Promise<Record<string, string>> {
    const lines = (await this.git("for-each-ref", "--format=%(refname) %(objectname)")).split("\n").filter(Boolean);
    return Object.fromEntries(lines.map((line) => line.split(" ")));
  }

  close(): Promise<void> {
    return this.test.close();
  }
}

/** A stream of file actions, each with its content. */
export async function* parts(actions: readonly [FileAction, string?][]): AsyncGenerator<FileActionPart> {
  for (const [action, content] of actions) {
    yield { action };
    if (content !== undefined) yield { content: Buffer.from(content, "latin1") };
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
