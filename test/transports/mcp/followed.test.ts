// Which events move what a resource shows.
import { expect, test } from "bun:test";
import type { DeliveredEvent } from "../../../src/contract/events.ts";
import { followed, isAbout } from "../../../src/transports/api/mcp/followed.ts";
import { resourceUri } from "../../../src/transports/api/mcp/resource-uri.ts";

const REPO = "alice/demo";

/** Is whoever follows this revision told of a move of this reference? */
function isTold(rev: string, ref: string, repo = REPO): boolean {
  const event = { event: "ref_updated", data: { repo, ref } } as unknown as DeliveredEvent;
  return isAbout(event, followed(resourceUri({ repo: REPO, rev, path: "README.md" })));
}

const MOVES: readonly (readonly [string, string])[] = [
  ["main", "refs/heads/main"],
  ["heads/main", "refs/heads/main"],
  ["refs/heads/main", "refs/heads/main"],
  ["v1", "refs/tags/v1"],
  ["feature/one", "refs/heads/feature/one"],
  ["main~2", "refs/heads/main"],
  ["main^{tree}", "refs/heads/main"],
  ["alice@work", "refs/heads/alice@work"],
  ["alice@work~1", "refs/heads/alice@work"],
  ["HEAD", "refs/heads/main"],
  ["@", "refs/heads/main"],
];
for (const [rev, ref] of MOVES) test(`${rev} moves with ${ref}`, () => expect(isTold(rev, ref)).toBe(true));

const OTHERS: readonly (readonly [string, string])[] = [
  ["main", "refs/heads/other"],
  ["main", "refs/heads/main/one"],
  ["alice@work", "refs/heads/alice"],
];
for (const [rev, ref] of OTHERS) test(`${rev} does not move with ${ref}`, () => expect(isTold(rev, ref)).toBe(false));

test("nothing moves with another repository", () =>
  expect(isTold("main", "refs/heads/main", "alice/other")).toBe(false));

test("a repository that gets another name, or ends, moves all that it shows", () => {
  const one = followed(resourceUri({ repo: REPO, rev: "main", path: "README.md" }));
  const told = (event: string, data: object) => isAbout({ event, data } as unknown as DeliveredEvent, one);
  expect(told("repository_renamed", { repo: "alice/new", old_repo: REPO })).toBe(true);
  expect(told("repository_renamed", { repo: REPO, old_repo: "alice/old" })).toBe(true);
  expect(told("repository_renamed", { repo: "alice/new", old_repo: "alice/old" })).toBe(false);
  expect(told("repository_deleted", { repo: REPO })).toBe(true);
  expect(told("repository_deleted", { repo: "alice/new" })).toBe(false);
});
