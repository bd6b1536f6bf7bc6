import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Principal } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import { addCollaborator } from "../../src/operations/collaborators/add-collaborator.ts";
import { listCollaborators } from "../../src/operations/collaborators/list-collaborators.ts";
import { removeCollaborator } from "../../src/operations/collaborators/remove-collaborator.ts";
import { removeRepository } from "../../src/operations/repositories/remove-repository.ts";
import { renameRepository } from "../../src/operations/repositories/rename-repository.ts";
import { setDescription } from "../../src/operations/repositories/set-description.ts";
import { setVisibility } from "../../src/operations/repositories/set-visibility.ts";
import { showRepository } from "../../src/operations/repositories/show-repository.ts";
import { changeSetting } from "../../src/operations/settings/change-setting.ts";
import { showSettings } from "../../src/operations/settings/show-settings.ts";
import { AccountStory } from "../support/account-story.ts";
import { failure } from "../support/operation-story.ts";
import { openTestEngine } from "../support/test-engine.ts";
import { DATABASES } from "../support/test-databases.ts";
import { ANONYMOUS, refOf } from "../support/test-identity.ts";

let story: AccountStory;
let alice: Principal;
let bob: Principal;
let repository: RepositoryRef;

for (const kind of DATABASES) {
  describe(`on ${kind}`, () => {
    beforeEach(async () => {
      story = await AccountStory.open(kind);
      alice = await story.user("alice");
      bob = await story.user("bob");
      repository = await story.repository("alice/it", alice, true);
    });
    afterEach(() => story.close());

    const show = (principal: Principal, ref = repository) => story.run(showRepository, { repository: ref }, principal);

    describe("addCollaborator", () => {
      test("lets a user in as far as his level goes", async () => {
        await failure(show(bob), "repository_not_found");
        const added = await story.run(addCollaborator, { repository, user: "bob", level: "read-only" }, alice);
        expect(added).toEqual({ user: "bob", level: "read-only" });
        expect((await show(bob)).owner).toBe("alice");
        await failure(story.run(setVisibility, { repository, private: false }, bob), "forbidden");
        await story.run(addCollaborator, { repository, user: "bob", level: "admin-access" }, alice);
        await story.run(setDescription, { repository, description: "bob's words" }, bob);
        expect((await show(alice)).description).toBe("bob's words");
        await failure(story.run(addCollaborator, { repository, user: "nobody" }, alice), "user_not_found");
      });
    });

    describe("listCollaborators", () => {
      test("names them with their levels, sorted", async () => {
        await story.user("aaron");
        for (const user of ["bob", "aaron"]) await story.run(addCollaborator, { repository, user }, alice);
        expect(await story.list(listCollaborators, { repository }, alice)).toEqual([
          { user: "aaron", level: "read-write" },
          { user: "bob", level: "read-write" },
        ]);
        expect(await story.list(listCollaborators, { repository }, bob)).toHaveLength(2);
      });
    });

    describe("removeCollaborator", () => {
      test("shuts a user out again", async () => {
        await story.run(addCollaborator, { repository, user: "bob" }, alice);
        await story.run(removeCollaborator, { repository, user: "bob" }, alice);
        await failure(show(bob), "repository_not_found");
        await failure(story.run(removeCollaborator, { repository, user: "bob" }, alice), "collaborator_not_found");
        expect((await story.adminEvents()).map(([event]) => event)).toEqual([
          "collaborator_added",
          "collaborator_removed",
        ]);
      });
    });

    describe("setVisibility", () => {
      test("opens a repository and closes it", async () => {
        await story.run(setVisibility, { repository, private: false }, alice);
        expect((await show(ANONYMOUS)).private).toBe(false);
        await story.run(setVisibility, { repository, private: true }, alice);
        await failure(show(ANONYMOUS), "repository_not_found");
        expect((await story.adminEvents()).at(-1)).toEqual([
          "repository_changed",
          expect.objectContaining({ repo: "alice/it", private: true }),
        ]);
      });

      test("also one that nobody has a record of", async () => {
        const unknown = await story.test.createRepository("made/elsewhere");
        expect(await show(bob, unknown)).toMatchObject({ private: false });
        await story.run(setVisibility, { repository: unknown, private: true });
        await failure(show(bob, unknown), "repository_not_found");
        await failure(
          story.run(setVisibility, { repository: refOf("not/there"), private: true }),
          "repository_not_found",
        );
      });
    });

    describe("setDescription", () => {
      test("says what a repository is for", async () => {
        await story.run(setDescription, { repository, description: "für alle" }, alice);
        expect((await show(alice)).description).toBe("für alle");
        await failure(story.run(setDescription, { repository, description: "a\0b" }, alice), "invalid_input");
      });
    });

    describe("renameRepository", () => {
      test("takes owner, visibility and collaborators along", async () => {
        await story.run(addCollaborator, { repository, user: "bob", level: "read-only" }, alice);
        const moved = refOf("alice/moved");
        await story.run(renameRepository, { repository, newRepository: moved }, alice);
        expect(await show(bob, moved)).toMatchObject({ owner: "alice", private: true });
        await failure(show(bob), "repository_not_found");
        await failure(show(ANONYMOUS, moved), "repository_not_found");
      });

      test("not onto what is there, whoever may see that", async () => {
        const other = await story.repository("bob/it", bob);
        await failure(story.run(renameRepository, { repository, newRepository: refOf("bob/x") }, alice), "forbidden");
        const occupied = { repository, newRepository: other };
        await failure(story.run(renameRepository, occupied), "repository_exists");
        expect(await show(alice)).toMatchObject({ private: true });
      });
    });

    describe("removeRepository", () => {
      test("the next repository of the name begins anew", async () => {
        await story.run(addCollaborator, { repository, user: "bob" }, alice);
        await story.run(removeRepository, { repository }, alice);
        await failure(show(alice), "repository_not_found");
        await story.run(removeRepository, { repository: await story.repository("alice/it", alice) }, alice);
        await story.repository("alice/it", alice, true);
        await failure(show(bob), "repository_not_found");
      });
    });

    describe("showSettings", () => {
      test("shows what holds, and what the configuration decides", async () => {
        expect(await story.run(showSettings, {})).toEqual({
          anonAccess: "read-only",
          allowKeyless: true,
          configured: [],
        });
        const configured = await openTestEngine({ anonAccess: "no-access" });
        const shown = await configured.engine.run(showSettings, {}, configured.caller);
        expect(shown).toMatchObject({ anonAccess: "no-access", configured: ["anonAccess"] });
        await failure(
          configured.engine.run(changeSetting, { anonAccess: "read-only" }, configured.caller),
          "setting_configured",
        );
        await configured.close();
      });
    });

    describe("changeSetting", () => {
      test("holds at once", async () => {
        await story.run(setVisibility, { repository, private: false }, alice);
        await show(ANONYMOUS);
        await story.run(changeSetting, { anonAccess: "no-access" });
        await failure(show(ANONYMOUS), "repository_not_found");
        expect(await story.adminEvents()).toContainEqual([
          "setting_changed",
          expect.objectContaining({ setting: "anon_access", value: "no-access" }),
        ]);
        await failure(story.run(changeSetting, { anonAccess: "admin-access" }, alice), "forbidden");
      });
    });
  });
}
