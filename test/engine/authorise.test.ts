import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Operation } from "../../src/contract/operation.ts";
import type { Principal, TokenScope } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { operations } from "../../src/operations/index.ts";
import { commitFiles } from "../../src/operations/commits/commit-files.ts";
import { receivePack } from "../../src/operations/git/receive-pack.ts";
import { cherryPick } from "../../src/operations/merges/cherry-pick.ts";
import { createRepository } from "../../src/operations/repositories/create-repository.ts";
import { listRepositories } from "../../src/operations/repositories/list-repositories.ts";
import { renameRepository } from "../../src/operations/repositories/rename-repository.ts";
import { repositoryExists } from "../../src/operations/repositories/repository-exists.ts";
import { showRepository } from "../../src/operations/repositories/show-repository.ts";
import { collect } from "../support/collect.ts";
import { failure, JANE, parts } from "../support/operation-story.ts";
import { openTestEngine, type TestEngine } from "../support/test-engine.ts";
import { ANONYMOUS, refOf, withToken } from "../support/test-identity.ts";

const SECRET = refOf("team/secret");
const ABSENT = refOf("team/absent");
const PUBLIC = refOf("team/public");

let test_: TestEngine;
let owner: Principal;
let stranger: Principal;
let admin: Principal;
beforeAll(async () => {
  test_ = await openTestEngine();
  owner = await user("alice");
  stranger = await user("bob");
  admin = await user("root", true);
  const make = (repository: RepositoryRef, isPrivate: boolean) =>
    test_.engine.run(createRepository, { repository, private: isPrivate }, test_.as(owner));
  await make(SECRET, true);
  await make(PUBLIC, false);
  for (const repository of [SECRET, PUBLIC]) {
    const input = { repository, branch: "main", message: Buffer.from("change\n"), committer: JANE };
    await test_.engine.run(commitFiles, input, test_.caller, parts([[{ kind: "create", path: "a" }, "text"]]));
  }
});
afterAll(() => test_.close());

async function user(name: string, isAdmin = false): Promise<Principal> {
  const { id } = await test_.identity.users.create({ name, isAdmin });
  return { kind: "user", name, user: { id, isAdmin } };
}

/** Runs an operation of any shape with its first example; answers what it answers, or the error that it throws. */
async function outcome(operation: Operation, input: object, principal: Principal): Promise<unknown> {
  try {
    const result: unknown = test_.engine.run(operation, input as never, test_.as(principal), noParts() as never);
    if (result instanceof Promise) return { answer: await result };
    return { answer: await collect(result as AsyncIterable<unknown>) };
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return { reason: error.reason, details: error.details };
  }
}

async function* noParts(): AsyncGenerator<never> {}

const exampleOf = (operation: Operation, repository?: RepositoryRef): object => ({
  ...operation.examples[0]?.input,
  ...(repository === undefined ? {} : { repository }),
});

/** The same text for both names. */
const nameless = (value: unknown, { relativePath }: RepositoryRef): string =>
  (Bun.inspect(value, { depth: 10 }) ?? "")
    .replaceAll(relativePath, "NAME")
    .replaceAll(relativePath.slice(0, -4), "NAME");

describe("what a caller may not read", () => {
  const onRepositories = operations.filter(({ target, access }) => target !== "none" && access !== "create");

  test("answers as what does not exist, in every operation", async () => {
    const callers: [string, Principal][] = [
      ["anonymous", ANONYMOUS],
      ["stranger", stranger],
      ["the owner's token for others", withToken(owner, { repositories: ["alice/*"] })],
    ];
    for (const [who, principal] of callers) {
      for (const operation of onRepositories) {
        const secret = await outcome(operation, exampleOf(operation, SECRET), principal);
        const absent = await outcome(operation, exampleOf(operation, ABSENT), principal);
        // A push may make what is not there: the advertisement for it says so, and only then the two differ.
        if (operation.name === "receivePack" && who === "stranger") {
          expect(secret).toMatchObject({ reason: "repository_not_found" });
          continue;
        }
        expect([who, operation.name, nameless(secret, SECRET)]).toEqual([
          who,
          operation.name,
          nameless(absent, ABSENT),
        ]);
      }
    }
  });

  test("cannot be read through another repository", async () => {
    const base = { branch: "topic", message: Buffer.from("change\n"), committer: JANE };
    const start = { startBranch: "main", startRepository: SECRET };
    const mine = refOf("bob/mine");
    await test_.engine.run(createRepository, { repository: mine }, test_.as(stranger));
    const commit = (startRepository: RepositoryRef) =>
      test_.engine.run(
        commitFiles,
        { repository: mine, ...base, ...start, startRepository },
        test_.as(stranger),
        parts([[{ kind: "create", path: "b" }, "text"]]),
      );
    const error = await failure(commit(SECRET), "repository_not_found");
    expect(error.details).toEqual({ repository: SECRET.relativePath });
    await failure(commit(ABSENT), "repository_not_found");
    const picked = { repository: mine, ...base, ...start, commit: "main" };
    await failure(test_.engine.run(cherryPick, picked, test_.as(stranger)), "repository_not_found");
    await commit(PUBLIC);
  });

  test("is on no list, and does not exist", async () => {
    const listed = async (principal: Principal) =>
      (await collect(test_.engine.run(listRepositories, {}, test_.as(principal)))).map(
        ({ relativePath }) => relativePath,
      );
    expect(await listed(ANONYMOUS)).not.toContain(SECRET.relativePath);
    expect(await listed(stranger)).not.toContain(SECRET.relativePath);
    expect(await listed(stranger)).toContain(PUBLIC.relativePath);
    expect(await listed(owner)).toContain(SECRET.relativePath);
    expect(await listed(admin)).toContain(SECRET.relativePath);
    const exists = (principal: Principal) =>
      test_.engine.run(repositoryExists, { repository: SECRET }, test_.as(principal));
    expect(await exists(stranger)).toEqual({ exists: false });
    expect(await exists(owner)).toEqual({ exists: true });
  });

  test("is the same under every spelling of its path", async () => {
    for (const relativePath of ["/team/secret.git", "team//secret.git", "team/./secret.git", "x/../team/secret.git/"]) {
      const input = { repository: { storage: "default", relativePath } };
      await failure(test_.engine.run(showRepository, input, test_.as(stranger)), "repository_not_found");
      expect((await test_.engine.run(showRepository, input, test_.as(owner))).private).toBe(true);
    }
  });
});

describe("what runs long in somebody's name", () => {
  const held = (): { reading: Promise<void>; upload: AsyncIterable<Uint8Array>; release: () => void } => {
    const reading = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    return {
      reading: reading.promise,
      release: () => end.resolve(),
      upload: (async function* () {
        reading.resolve();
        await end.promise;
        yield* [];
      })(),
    };
  };

  test("ends when his token does, and his rights with it", async () => {
    const { token, secret } = await test_.identity.tokens.create("alice", { name: "t", access: "write" });
    const caller = test_.as(await test_.authenticator.token(secret));
    const { reading, upload } = held();
    const input = { repository: SECRET, mode: "stateful", protocol: "version=1" } as const;
    const pushing = collect(test_.engine.run(receivePack, input, caller, upload));
    await reading;
    await test_.identity.tokens.revoke("alice", String(token.id));
    await failure(pushing, "unauthenticated");
    await failure(test_.authenticator.token(secret), "unauthenticated");
  });

  test("goes on while another token ends", async () => {
    const other = await test_.identity.tokens.create("alice", { name: "other", access: "write" });
    const mine = await test_.identity.tokens.create("alice", { name: "mine", access: "write" });
    const caller = test_.as(await test_.authenticator.token(mine.secret));
    const { reading, upload, release } = held();
    const input = { repository: SECRET, mode: "stateful" } as const;
    const pushing = collect(test_.engine.run(receivePack, input, caller, upload));
    await reading;
    await test_.identity.tokens.revoke("alice", String(other.token.id));
    release();
    expect((await pushing).length).toBeGreaterThan(0);
  });
});

describe("rules of access", () => {
  const LEVELS: Readonly<Record<string, Principal>> = { anonymous: ANONYMOUS };
  const reasonOf = async (operation: Operation, input: object, principal: Principal) =>
    ((await outcome(operation, input, principal)) as { reason?: string }).reason;

  test("what may be read and not written is forbidden, in every operation", async () => {
    for (const operation of operations) {
      if (operation.target === "none" || (operation.access !== "write" && operation.access !== "admin")) continue;
      for (const principal of [LEVELS["anonymous"]!, stranger, withToken(owner, { access: "read" })]) {
        const isForNobody = principal.kind === "anonymous" && operation.needsCredentials === true;
        expect([operation.name, await reasonOf(operation, exampleOf(operation, PUBLIC), principal)]).toEqual([
          operation.name,
          isForNobody ? "unauthenticated" : "forbidden",
        ]);
      }
    }
  });

  test("only administrators administer the server, and only with whole tokens", async () => {
    const narrow: Partial<TokenScope>[] = [{ access: "read" }, { repositories: ["**"] }, { refs: ["refs/**"] }];
    for (const operation of operations.filter(({ access }) => access === "server-admin")) {
      const target = operation.target === "none" ? undefined : PUBLIC;
      const reason = (principal: Principal) => reasonOf(operation, exampleOf(operation, target), principal);
      expect([operation.name, await reason(ANONYMOUS)]).toEqual([operation.name, "unauthenticated"]);
      for (const principal of [stranger, ...narrow.map((scope) => withToken(admin, scope))])
        expect([operation.name, await reason(principal)]).toEqual([operation.name, "forbidden"]);
    }
  });

  test("users do with their own account what they like, and nothing with others'", async () => {
    for (const operation of operations.filter(({ access }) => access === "account")) {
      const { user: _, ...own } = exampleOf(operation) as { user?: string };
      const reason = (principal: Principal, input: object) => reasonOf(operation, input, principal);
      expect([operation.name, await reason(ANONYMOUS, own)]).toEqual([operation.name, "unauthenticated"]);
      expect([operation.name, await reason(stranger, { ...own, user: "alice" })]).toEqual([
        operation.name,
        "forbidden",
      ]);
      if (operation.kind === "write") {
        // A narrow token must not make itself a wide one.
        for (const scope of [{ access: "read" as const }, { repositories: ["**"] }, { refs: ["refs/**"] }])
          expect([operation.name, await reason(withToken(stranger, scope), own)]).toEqual([
            operation.name,
            "forbidden",
          ]);
      }
    }
  });

  test("nobody makes or moves a repository below another's name", async () => {
    const make = (principal: Principal, name: string) =>
      test_.engine.run(createRepository, { repository: refOf(name) }, test_.as(principal));
    await failure(make(stranger, "alice/x"), "forbidden");
    await failure(make(ANONYMOUS, "somebody/x"), "forbidden");
    await make(stranger, "bob/movable");
    const move = (principal: Principal) =>
      test_.engine.run(
        renameRepository,
        { repository: refOf("bob/movable"), newRepository: refOf("alice/moved") },
        test_.as(principal),
      );
    await failure(move(stranger), "forbidden");
    await move(admin);
    expect((await test_.engine.run(showRepository, { repository: refOf("alice/moved") }, test_.as(owner))).owner).toBe(
      "alice",
    );
  });

  test("callers without credentials see what the settings let them", async () => {
    const { settings } = test_.identity;
    const list = () => collect(test_.engine.run(listRepositories, {}, test_.as(ANONYMOUS)));
    expect((await list()).length).toBeGreaterThan(0);
    await settings.change({ anonAccess: "no-access" });
    await failure(list(), "unauthenticated");
    const show = () => test_.engine.run(showRepository, { repository: PUBLIC }, test_.as(ANONYMOUS));
    await failure(show(), "repository_not_found");
    await settings.change({ anonAccess: "read-only" });
    expect((await show()).path).toBeUndefined();
  });
});
