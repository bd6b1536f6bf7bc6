import { describe, expect } from "bun:test";
import { findTag } from "../../../src/operations/index.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("findTag", () => {
  onEveryBackend("finds annotated, nested and lightweight tags, and the commit behind each", async (story) => {
    const commit = await story.git.commit();
    await story.git.git(["tag", "light"]);
    await story.git.git(["tag", "-a", "-m", "subject", "annotated"]);
    await story.git.git(["tag", "-a", "-m", "outer", "nested", "annotated"]);
    await story.git.git(["tag", "tree", "main^{tree}"]);
    expect(await story.run(findTag, { tag: "light" })).toMatchObject({
      name: "refs/tags/light",
      oid: commit,
      commit: { oid: commit },
    });
    const annotated = await story.run(findTag, { tag: "annotated" });
    expect(annotated).toMatchObject({
      tag: { name: "annotated", targetOid: commit, targetType: "commit" },
      commit: { oid: commit },
    });
    expect(Buffer.from(annotated.tag!.message).toString()).toBe("subject\n");
    expect(await story.run(findTag, { tag: "nested" })).toMatchObject({
      tag: { targetType: "tag" },
      commit: { oid: commit },
    });
    const tree = await story.run(findTag, { tag: "tree" });
    expect(tree).toEqual({ name: "refs/tags/tree", oid: await story.git.text(["rev-parse", "main^{tree}"]) });
  });

  onEveryBackend("takes the first match of a glob", async (story) => {
    await story.git.commit();
    for (const tag of ["v1.0", "v1.1", "v2/x"]) await story.git.git(["tag", tag]);
    expect((await story.run(findTag, { tag: "v1.*" })).name).toBe("refs/tags/v1.0");
    expect((await story.run(findTag, { tag: "*x" })).name).toBe("refs/tags/v2/x");
    expect((await failure(story.run(findTag, { tag: "v3" }), "reference_not_found")).details.reference).toBe(
      "refs/tags/v3",
    );
    await failure(story.run(findTag, { tag: "v3*" }), "reference_not_found");
  });

  onEveryBackend("names taggers as the mailmap does", async (story) => {
    await story.git.commit({ files: { ".mailmap": "Jane Proper <jane@proper.example> <jane@example.com>\n" } });
    await story.git.git(["tag", "-a", "-m", "m", "v1"]);
    const { tag, commit } = await story.run(findTag, { tag: "v1" });
    expect(Buffer.from(tag!.tagger!.name).toString()).toBe("Jane Proper");
    expect(Buffer.from(commit!.committer.email).toString()).toBe("jane@proper.example");
  });
});
