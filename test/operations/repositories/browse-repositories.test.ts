import { describe, expect, test } from "bun:test";
import { browseRepositories } from "../../../src/operations/repositories/browse-repositories.ts";
import { AccountStory } from "../../support/account-story.ts";
import { DATABASES } from "../../support/test-databases.ts";

describe("browseRepositories", () => {
  for (const kind of DATABASES) {
    test(`tells each caller of those he may read, in order and in pages (${kind})`, async () => {
      const story = await AccountStory.open(kind);
      try {
        const [alice, bob] = [await story.user("alice"), await story.user("bob")];
        for (const name of ["alice/b", "alice/a", "bob/c"]) await story.repository(name, name < "b" ? alice : bob);
        await story.repository("bob/secret", bob, true);
        const names = async (principal: typeof alice, input = {}) =>
          (await story.list(browseRepositories, input, principal)).map(({ fullName }) => fullName);
        expect(await names(alice)).toEqual(["alice/a", "alice/b", "bob/c"]);
        expect(await names(bob)).toEqual(["alice/a", "alice/b", "bob/c", "bob/secret"]);
        expect(await names(bob, { limit: 2 })).toEqual(["alice/a", "alice/b"]);
        expect(await names(bob, { limit: 2, after: "alice/b" })).toEqual(["bob/c", "bob/secret"]);
        const [secret] = await story.list(browseRepositories, { after: "bob/c" }, bob);
        expect(secret).toEqual({ fullName: "bob/secret", owner: "bob", private: true, description: "" });
      } finally {
        await story.close();
      }
    });
  }
});
