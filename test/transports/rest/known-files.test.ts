import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { EXAMPLE_TOKEN } from "../../support/example-world.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { openTestEngine, type TestEngine } from "../../support/test-engine.ts";
import { listenRest, type RestListener } from "./rest-listener.ts";

/* What was read before is told from memory: never what is no longer there, or no longer allowed. */

let engine: TestEngine;
let rest: RestListener;
let git: TemporaryRepository;
let commit: string;
let tag: string;

beforeAll(async () => {
  engine = await openTestEngine({ adminToken: EXAMPLE_TOKEN });
  rest = listenRest(engine.engine, engine.authenticator);
});
afterAll(async () => {
  expect(rest.bugs).toEqual([]);
  await rest.close();
  await engine.close();
});

const admin = { authorization: `Bearer ${EXAMPLE_TOKEN}` };
let name = "";
let count = 0;

async function fill(content: string): Promise<string> {
  await engine.createRepository(name);
  git = TemporaryRepository.at(engine.pathOf({ storage: "default", relativePath: `${name}.git` }));
  const made = await git.commit({ files: { "dir/a.txt": content } });
  await git.git(["repack", "-adq"]);
  return made;
}

beforeEach(async () => {
  name = `alice/known-${++count}`;
  commit = await fill("one\n");
  tag = `"${await git.text(["rev-parse", "main:dir/a.txt"])}"`;
});

const addressOf = (repository: string) => `${rest.address}/v1/repos/${encodeURIComponent(repository)}`;

/** The answers to whoever has nothing, and to whoever has the file already. */
async function told(rev: string, headers: Record<string, string> = admin, repository = name): Promise<unknown[]> {
  const address = `${addressOf(repository)}/blob?rev=${rev}&path=dir%2Fa.txt`;
  const whole = await fetch(address, { headers });
  const text = await whole.text();
  const known = await fetch(address, { headers: { ...headers, "if-none-match": tag } });
  return [whole.status, whole.ok ? text : "", known.status];
}

async function tellOften(): Promise<void> {
  for (let again = 0; again < 3; again++) expect(await told(commit)).toEqual([200, "one\n", 304]);
}

const FOUND_NOTHING = [404, "", 404];

describe("a file that was read before", () => {
  test("is of this repository, not of the next one of its name", async () => {
    await tellOften();
    expect((await fetch(addressOf(name), { method: "DELETE", headers: admin })).ok).toBe(true);
    expect(await told(commit)).toEqual(FOUND_NOTHING);
    await fill("two\n");
    expect(await told(commit)).toEqual(FOUND_NOTHING);
    expect(await told("main")).toEqual([200, "two\n", 200]);
  });

  test("goes with its repository to another name", async () => {
    await tellOften();
    const renamed = `${name}-renamed`;
    const body = JSON.stringify({ new_repo: renamed });
    const headers = { ...admin, "content-type": "application/json" };
    expect((await fetch(`${addressOf(name)}/rename`, { method: "POST", headers, body })).status).toBe(200);
    expect(await told(commit)).toEqual(FOUND_NOTHING);
    expect(await told(commit, admin, renamed)).toEqual([200, "one\n", 304]);
  });

  test("is for nobody who may no longer read it", async () => {
    const anonymous = {};
    for (let again = 0; again < 3; again++) expect(await told(commit, anonymous)).toEqual([200, "one\n", 304]);
    const headers = { ...admin, "content-type": "application/json" };
    const body = JSON.stringify({ private: true });
    expect((await fetch(`${addressOf(name)}/visibility`, { method: "PUT", headers, body })).ok).toBe(true);
    expect(await told(commit, anonymous)).toEqual(FOUND_NOTHING);
    await tellOften();
  });

  test("is as a revision has it now, whoever moved it", async () => {
    for (let again = 0; again < 3; again++) expect(await told("main")).toEqual([200, "one\n", 304]);
    await git.commit({ files: { "dir/a.txt": "two\n" } });
    expect(await told("main")).toEqual([200, "two\n", 200]);
    await git.git(["repack", "-adq"]);
    expect(await told("main")).toEqual([200, "two\n", 200]);
    await tellOften();
  });

  test("is gone when git beside us has pruned it", async () => {
    await tellOften();
    await git.git(["update-ref", "-d", "refs/heads/main"]);
    await git.git(["reflog", "expire", "--all", "--expire=now"]);
    await git.git(["repack", "-adq"]);
    await git.git(["prune", "--expire=now"]);
    expect(await told(commit)).toEqual(FOUND_NOTHING);
  });
});
