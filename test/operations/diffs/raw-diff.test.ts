import { describe, expect } from "bun:test";
import { rawDiff } from "../../../src/operations/index.ts";
import { failure, onEveryBackend, type ReadStory } from "../../support/read-story.ts";

async function read(story: ReadStory, left: string, right: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of story.run(rawDiff, { left, right })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("rawDiff", () => {
  onEveryBackend("gives the bytes of git diff --full-index", async (story) => {
    const text = Array.from({ length: 40 }, (_, i) => `line ${i}\n`).join("");
    await story.git.commit({ branch: "left", files: { a: text, "\xe9": "x\n", bin: "\0\x01", moved: `${text}end\n` } });
    await story.git.commit({
      branch: "right",
      files: { a: text.replace("line 20", "twenty"), "\xe9": "y\n", bin: "\0\x02", there: `${text}end!\n` },
    });
    expect(await read(story, "left", "right")).toEqual(await story.git.git(["diff", "--full-index", "left", "right"]));
    expect(await read(story, "left", "left")).toHaveLength(0);
    await failure(read(story, "left", "none"), "revision_not_found");
  });
});
