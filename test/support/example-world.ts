import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Static, TSchema } from "@sinclair/typebox";
import type { Example, Operation, OperationShape, ResultOfShape } from "../../src/contract/operation.ts";
import type { Caller } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import { operations } from "../../src/operations/index.ts";
import { prepareExample } from "./example-preparations.ts";
import { writePrivateKey } from "./ssh-keys.ts";
import { TemporaryRepository } from "./temporary-repository.ts";
import { openTestEngine, type TestEngine } from "./test-engine.ts";

/** Token of the administrator who runs the examples. */
export const EXAMPLE_TOKEN = "examples-of-every-operation";

/** One example, ready to be run through any door: its repository is there, and what it presumes. */
export interface PreparedExample {
  readonly operation: Operation;
  readonly title: string;
  /** The whole input, as the operation takes it. */
  readonly input: Record<string, unknown>;
  /** Full name of the repository that it is about. */
  readonly fullName: string;
}

/**
 * Where examples of operations are run: an engine of one backend, and for each example a repository of its own that real git has made. It
 * has `main` of three commits with `README.md` and `docs/`, the branches `feature` and `gone`, and the tags `v1.0` and `v1.1`.
 */
export class ExampleWorld {
  readonly test: TestEngine;
  /** The administrator: whoever runs the examples has to have an account. */
  readonly caller: Caller;
  readonly #fixture: TemporaryRepository;
  readonly #backend: string;
  #made = 0;
  #ids: ReadonlySet<string> | undefined;

  private constructor(test: TestEngine, caller: Caller, fixture: TemporaryRepository, backend: string) {
    this.test = test;
    this.caller = caller;
    this.#fixture = fixture;
    this.#backend = backend;
  }

  static async open(backend: "libgit2" | "shell", objectFormat: "sha1" | "sha256" = "sha1"): Promise<ExampleWorld> {
    const keys = mkdtempSync(join(tmpdir(), "holdfast-keys-"));
    const signingKey = writePrivateKey(keys);
    const settings = { backend, signingKey, adminToken: EXAMPLE_TOKEN, allowPrivateTargets: true };
    // It is read at the start, and not again.
    const test = await openTestEngine(settings).finally(() => rmSync(keys, { recursive: true }));
    const caller = test.as(await test.authenticator.token(EXAMPLE_TOKEN));
    return new ExampleWorld(test, caller, await fixture(objectFormat), backend);
  }

  /** Makes what an example needs. */
  async prepare(operation: Operation, example: Example<unknown>): Promise<PreparedExample> {
    const fullName = `examples/number-${++this.#made}`;
    const repository: RepositoryRef = { storage: "default", relativePath: `${fullName}.git` };
    cpSync(this.#fixture.path, this.test.pathOf(repository), { recursive: true });
    const more = await prepareExample(this, operation, repository);
    const given = example.input as Record<string, unknown>;
    const needsRepository = "repository" in (operation.input["properties"] as object);
    return {
      operation,
      title: `${operation.name}: ${example.title}`,
      input: { ...given, ...(needsRepository && { repository }), ...more },
      fullName,
    };
  }

  /** Ids of the objects that every example's repository begins with. */
  async idsOf(): Promise<ReadonlySet<string>> {
    this.#ids ??= new Set(
      (await this.#fixture.text(["rev-list", "--all", "--objects", "--no-object-names"])).split("\n"),
    );
    return this.#ids;
  }

  /** Makes good what an example has changed of the whole server. */
  async settle({ operation }: PreparedExample): Promise<void> {
    if (operation.name === "switchBackend") await this.call("switchBackend", { name: this.#backend });
  }

  /** Runs an operation as whoever may do everything, past all doors. */
  async call(name: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
    return (await this.run(name, input)) as Record<string, unknown>;
  }

  async list(name: string, input: Record<string, unknown>): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    for await (const batch of this.run(name, input) as unknown as AsyncIterable<Record<string, unknown>[]>)
      items.push(...batch);
    return items;
  }

  run(name: string, input: Record<string, unknown>): ResultOfShape<Static<TSchema>>[OperationShape] {
    const operation = operations.find((each) => each.name === name);
    if (operation === undefined) throw new Error(`no operation is called ${name}`);
    return this.test.engine.run(operation, input, this.caller);
  }

  async close(): Promise<void> {
    await this.test.close();
    await this.#fixture[Symbol.asyncDispose]();
  }
}

/** Every example of the operations that are made into programs' doors. */
export function routedExamples(): { operation: Operation; example: Example<unknown> }[] {
  return operations
    .filter(({ route }) => route !== undefined)
    .flatMap((operation) => operation.examples.map((example) => ({ operation, example })));
}

async function fixture(objectFormat: "sha1" | "sha256"): Promise<TemporaryRepository> {
  const git = await TemporaryRepository.create({ objectFormat });
  const readme = { "README.md": "# Demo\n" };
  const docs = { ...readme, "docs/a.txt": "a\n", "docs/deep/b.txt": "b\n" };
  await git.commit({ files: readme, message: "Begin\n" });
  await git.commit({ files: docs, message: "Add documentation\n", seconds: 1_700_000_100 });
  await git.git(["branch", "feature", "main"]);
  await git.git(["branch", "gone", "main"]);
  await git.commit({ branch: "feature", files: { ...docs, "feature.txt": "new\n" }, message: "Add a feature\n" });
  await git.commit({ files: { ...docs, "README.md": "# Demo\n\nMore.\n" }, message: "Say more\n" });
  await git.git(["tag", "v1.0", "main~1"]);
  const env = { GIT_COMMITTER_DATE: "1700000200 +0000" };
  await git.git(["tag", "--annotate", "--message=Second", "v1.1", "main"], { env });
  return git;
}
