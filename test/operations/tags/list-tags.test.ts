import { describe, expect } from "bun:test";
import { listTags } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("listTags", () => {
  onEveryBackend("sorts by name, version and date", async (story) => {
    await story.git.commit({ seconds: 1_700_000_000 });
    for (const tag of ["v1.10", "v1.9", "v2.0"]) await story.git.git(["tag", tag]);
    await story.git.git(["tag", "-a", "-m", "late", "a-late"], { env: { GIT_COMMITTER_DATE: "1700000900 +0000" } });
    const names = async (input: object) => (await story.list(listTags, input)).map(({ name }) => name.slice(10));
    expect(await names({})).toEqual(["a-late", "v1.10", "v1.9", "v2.0"]);
    expect(await names({ sort: "version" })).toEqual(["a-late", "v1.9", "v1.10", "v2.0"]);
    expect(await names({ sort: "created" })).toEqual(["v1.10", "v1.9", "v2.0", "a-late"]);
    expect(await names({ direction: "descending", after: "refs/tags/v2.0", limit: 2 })).toEqual(["v1.9", "v1.10"]);
    await failure(names({ after: "v1.9" }), "page_token_not_found");
  });

  onEveryBackend("reads no blob, however large, that a tag points at", async (story) => {
    const blob = await story.git.writeObject("blob", Buffer.alloc(3_000_000));
    await story.git.git(["tag", "blob", blob]);
    expect(await story.list(listTags, {})).toEqual([{ name: "refs/tags/blob", oid: blob }]);
  });
});
