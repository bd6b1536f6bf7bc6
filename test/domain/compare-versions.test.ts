import { describe, expect, test } from "bun:test";
import { compareVersions } from "../../src/domain/compare-versions.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

describe("compareVersions", () => {
  test("orders runs of digits as numbers", () => {
    const names = ["v1.10.0", "v1.9.0", "v10.0.0", "v2.0.0", "v1.0.0", "v1.0"];
    expect(names.toSorted(compareVersions)).toEqual(["v1.0", "v1.0.0", "v1.9.0", "v1.10.0", "v2.0.0", "v10.0.0"]);
  });

  test("orders leading zeros as the manual of strverscmp says", () => {
    const ordered = ["000", "00", "01", "010", "09", "0", "1", "9", "10"];
    expect(ordered.toReversed().toSorted(compareVersions)).toEqual(ordered);
  });

  test("agrees with git for-each-ref --sort=version:refname", async () => {
    await using repository = await TemporaryRepository.create();
    const commit = await repository.commit({ message: "c\n" });
    const names = new Set<string>();
    const alphabet = ["0", "1", "9", "00", "10", ".", "-", "a", "v", "rc"];
    let seed = 42;
    const pick = () => alphabet[(seed = (seed * 1103515245 + 12345) & 0x7fffffff) % alphabet.length]!;
    while (names.size < 400) {
      const name = `v${pick()}${pick()}${pick()}${pick()}x`;
      if (!name.includes("..")) names.add(`refs/tags/${name}`);
    }
    await repository.git(["update-ref", "--stdin"], {
      input: [...names].map((name) => `create ${name} ${commit}\n`).join(""),
    });
    const listed = await repository.git(["for-each-ref", "--sort=version:refname", "--format=%(refname)", "refs/tags"]);
    expect([...names].toSorted().toSorted(compareVersions)).toEqual(listed.toString().trim().split("\n"));
  });
});
