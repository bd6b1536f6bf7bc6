import { describe, expect, test } from "bun:test";
import { quotePath, unquotePath } from "../../src/domain/quote-path.ts";
import { runGit, TemporaryRepository } from "../support/temporary-repository.ts";

const ALL_BYTES = Array.from({ length: 255 }, (_, at) => String.fromCharCode(at + 1)).join("");

describe("quotePath and unquotePath", () => {
  test("write and read every byte as git does", async () => {
    await using repository = await TemporaryRepository.create();
    const name = ALL_BYTES.replace("/", "");
    await repository.commit({ files: { "plain name": "", [name]: "" } });
    const shown = (await runGit(repository.path, ["ls-tree", "--name-only", "main"])).toString("latin1").trimEnd();
    expect(shown.split("\n").toSorted()).toEqual([quotePath(name), "plain name"].toSorted());
    expect(unquotePath(quotePath(name))).toBe(name);
  });

  test("leave alone what is not quoted, or wrongly", () => {
    for (const text of ["", "plain", '"', '"a', 'a"', '"a\\"', '"\\x"', '"\\400"', '"\\37"', '"a"b"'])
      expect(unquotePath(text)).toBeUndefined();
    expect(unquotePath('""')).toBe("");
  });
});
