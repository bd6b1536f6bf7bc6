import type { Operation } from "../../src/contract/operation.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import { OperationError } from "../../src/domain/errors.ts";
import type { ExampleWorld } from "./example-world.ts";

type Input = Record<string, unknown>;
type Prepare = (world: ExampleWorld, repository: RepositoryRef, session: Input) => Promise<Input>;

/** How long a webhook's first delivery is waited for; the webhooks' own loop tells nobody of it. */
const DELIVERY_TIMEOUT_MS = 20_000;

/** Makes what the examples of an operation presume beyond the repository; answers the fields of the input that only the run knows. */
export async function prepareExample(
  world: ExampleWorld,
  { name, input }: Operation,
  repository: RepositoryRef,
): Promise<Input> {
  // Whatever works in a session is given one of its own.
  const session = "session" in (input["properties"] as object) ? await openSession(world, repository) : {};
  const more = await PREPARATIONS[name]?.(world, repository, session);
  return { ...session, ...more };
}

async function withStash(world: ExampleWorld, repository: RepositoryRef, session: Input): Promise<Input> {
  await world.call("writeSessionFile", { repository, ...session, path: "x", content: Buffer.from("x") });
  await world.call("saveStash", { repository, ...session, includeUntracked: true });
  return {};
}

async function openSession(world: ExampleWorld, repository: RepositoryRef): Promise<Input> {
  const { id } = await world.call("openSession", { repository });
  return { session: id };
}

const PREPARATIONS: Readonly<Record<string, Prepare>> = {
  // Accounts belong to the whole server: each example finds them as it says.
  createUser: (world) => none(unless("user_not_found", world.call("deleteUser", { user: "bob" }))),
  deleteUser: withBob,
  renameUser: async (world) => {
    await unless("user_not_found", world.call("deleteUser", { user: "robert" }));
    return withBob(world);
  },
  setUserAdmin: withBob,
  createRepository: (world, repository) => none(world.call("removeRepository", { repository })),
  addKey: forgetKeys,
  removeKey: async (world) => {
    await forgetKeys(world);
    const { id } = await world.call("addKey", { user: "admin", key: KEY });
    return { key: String(id) };
  },
  createToken: forgetTokens,
  revokeToken: async (world) => {
    await forgetTokens(world);
    return none(world.call("createToken", { user: "admin", name: "backup" }));
  },
  removeCollaborator: (world, repository) =>
    none(world.call("addCollaborator", { repository, user: "admin", level: "read-only" })),
  unprotectReference: (world, repository) =>
    none(world.call("protectReference", { repository, pattern: "refs/heads/main", noForce: true })),
  showWebhook: withWebhook,
  updateWebhook: withWebhook,
  deleteWebhook: withWebhook,
  listDeliveries: withWebhook,
  showMirror: withMirror,
  runMirror: withMirror,
  deleteMirror: withMirror,
  startClone: async (world, repository) => {
    await world.call("removeRepository", { repository });
    return { url: NOBODY };
  },
  showClone: withClone,
  cancelClone: withClone,
  redeliverDelivery: async (world, repository) => {
    const { id } = await withWebhook(world, repository);
    await world.call("setDefaultBranch", { repository, branch: "feature" });
    await world.call("putFile", { repository, path: "x", content: Buffer.from("x"), message: Buffer.from("x") });
    const deadlineMs = Date.now() + DELIVERY_TIMEOUT_MS;
    for (;;) {
      const [delivery] = await world.list("listDeliveries", { repository, id });
      if (delivery !== undefined && delivery["attempts"] !== 0) return { id, delivery: delivery["id"] };
      if (Date.now() > deadlineMs) throw new Error("nothing was delivered");
      await Bun.sleep(10);
    }
  },
  commitSession: (world, repository, session) =>
    none(world.call("writeSessionFile", { repository, ...session, path: "x", content: Buffer.from("x") })),
  commitWorktree: (world, repository, session) =>
    none(world.call("writeSessionFile", { repository, ...session, path: "x", content: Buffer.from("x") })),
  saveStash: (world, repository, session) =>
    none(world.call("writeSessionFile", { repository, ...session, path: "x", content: Buffer.from("x") })),
  applyStash: withStash,
  popStash: withStash,
  dropStash: withStash,
  // The example's own commit is in the branch already, which is refused.
  pickCommit: () => Promise.resolve({ sha: "feature" }),
  getDiff: async (world, repository) => {
    const { id } = await world.call("showDiff", { repository, from: "main~1", to: "main" });
    return { id };
  },
};

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEEtjo6OMsxoUw7pcmCNpfO8+E6Nb4mPTFqJi4O4NZXG bob@example.com";

async function withBob(world: ExampleWorld): Promise<Input> {
  return none(unless("user_exists", world.call("createUser", { name: "bob" })));
}

async function forgetKeys(world: ExampleWorld): Promise<Input> {
  for (const { id } of await world.list("listKeys", { user: "admin" }))
    await world.call("removeKey", { user: "admin", key: String(id) });
  return {};
}

async function forgetTokens(world: ExampleWorld): Promise<Input> {
  for (const { id, name } of await world.list("listTokens", { user: "admin" }))
    if (name === "backup") await world.call("revokeToken", { user: "admin", token: String(id) });
  return {};
}

async function withWebhook(world: ExampleWorld, repository: RepositoryRef): Promise<Input> {
  const hook = { repository, url: "http://127.0.0.1:9/hook", events: ["push"], secret: "a secret" };
  const { id } = await world.call("createWebhook", hook);
  return { id };
}

/** A repository of a server that is not there. */
const NOBODY = "http://127.0.0.1:9/project.git";

async function withMirror(world: ExampleWorld, repository: RepositoryRef): Promise<Input> {
  return none(world.call("setMirror", { repository, name: "origin", direction: "pull", url: NOBODY }));
}

async function withClone(world: ExampleWorld, repository: RepositoryRef): Promise<Input> {
  await world.call("removeRepository", { repository });
  return none(world.call("startClone", { repository, url: NOBODY }));
}

async function none(done: Promise<unknown>): Promise<Input> {
  await done;
  return {};
}

/** What is there or gone already need not be made so. */
async function unless(reason: string, done: Promise<unknown>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!(error instanceof OperationError && error.reason === reason)) throw error;
  }
}
