import { describe, expect } from "bun:test";
import { browseReferences, getReference } from "../../../src/operations/index.ts";
import type { Reference } from "../../../src/domain/reference.ts";
import { failure, onEveryBackend } from "../../support/read-story.ts";

describe("browseReferences", () => {
  onEveryBackend("lists what those see who fetch, page by page", async (story) => {
    const oid = await story.git.commit({ files: { a: "x" } });
    for (const name of ["refs/heads/b", "refs/tags/v10", "refs/tags/v9", "refs/holdfast/x", "refs/keep-around/y"])
      await story.git.git(["update-ref", name, oid]);
    const names = async (input: object) => (await story.list(browseReferences, input)).map(({ name }) => name);
    expect(await names({})).toEqual(["refs/heads/b", "refs/heads/main", "refs/tags/v10", "refs/tags/v9"]);
    expect(await names({ after: "refs/heads/main", limit: 1 })).toEqual(["refs/tags/v10"]);
    expect(await names({ patterns: ["refs/tags/"], sort: "version" })).toEqual(["refs/tags/v9", "refs/tags/v10"]);
    expect(await names({ patterns: ["refs/holdfast/"] })).toEqual([]);
    await failure(names({ after: "refs/heads/none", sort: "committed" }), "page_token_not_found");
  });

  onEveryBackend("goes on behind a reference that has been deleted since", async (story) => {
    const oid = await story.git.commit({ files: { a: "x" } });
    for (const name of ["v1", "v1.0", "v2", "v10", "v11"]) await story.git.git(["tag", name, oid]);
    const orders = (["name", "version"] as const).flatMap((sort) =>
      (["ascending", "descending"] as const).map((direction) => ({ patterns: ["refs/tags/"], sort, direction })),
    );
    const names = async (input: object) => (await story.list(browseReferences, input)).map(({ name }) => name);
    for (const order of orders) {
      const all = await names(order);
      for (const [at, after] of all.entries()) {
        await story.git.git(["update-ref", "-d", after]);
        expect([after, await names({ ...order, after })]).toEqual([after, all.slice(at + 1)]);
        await story.git.git(["update-ref", after, oid]);
      }
    }
  });

  onEveryBackend("goes on by date behind where a reference was, though it has moved or gone", async (story) => {
    const oids = new Map<string, string>();
    // Two have the same date.
    for (const [at, seconds] of [10, 20, 20, 30, 40].entries()) {
      const branch = `b${at}`;
      oids.set(`refs/heads/${branch}`, await story.git.commit({ branch, parents: [], message: branch, seconds }));
    }
    const newest = await story.git.commit({ branch: "other", parents: [], seconds: 50 });
    await story.git.git(["update-ref", "-d", "refs/heads/other"]);
    for (const direction of ["ascending", "descending"] as const) {
      const order = { sort: "committed", direction } as const;
      const names = async (input: object) => (await story.list(browseReferences, input)).map(({ name }) => name);
      const all = await names(order);
      expect(all.length).toBe(5);
      for (const [at, name] of all.entries()) {
        const page = { ...order, after: `${name} ${oids.get(name)}` };
        expect([name, await names(page)]).toEqual([name, all.slice(at + 1)]);
        await story.git.git(["update-ref", "-d", name]);
        expect([name, await names(page)]).toEqual([name, all.slice(at + 1)]);
        await story.git.git(["update-ref", name, newest]);
        const moved = direction === "ascending" ? [name] : [];
        expect([name, await names(page)]).toEqual([name, [...all.slice(at + 1), ...moved]]);
        await story.git.git(["update-ref", name, oids.get(name)!]);
      }
    }
  });

  onEveryBackend("tells what each points at, as for-each-ref does", async (story) => {
    await story.git.commit({ files: { a: "x" } });
    await story.git.git(["tag", "--annotate", "--message=x", "annotated", "main"]);
    await story.git.git(["tag", "blob", "main:a"]);
    const format = "--format=%(refname) %(objectname) %(objecttype) %(*objectname)";
    const expected = (await story.git.text(["for-each-ref", format])).split("\n");
    const told = ({ name, oid, type, peeledOid = "" }: Reference) => `${name} ${oid} ${type} ${peeledOid}`;
    const listed = await story.list(browseReferences, {});
    expect(listed.map(told)).toEqual(expected);
    const each = await Promise.all(listed.map(({ name }) => story.run(getReference, { name })));
    expect(each.map(told)).toEqual(expected);
  });
});
