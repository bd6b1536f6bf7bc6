import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasReason } from "../../../src/domain/errors.ts";
import { uploadPack } from "../../../src/operations/git/upload-pack.ts";
import { collect } from "../../support/collect.ts";
import { gitUploadPack } from "../../support/git-upload-pack.ts";
import { BACKENDS, OperationStory } from "../../support/operation-story.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { bodyOf, command, hear, type Heard, line, linesOf, packOf } from "../../support/wire-conversation.ts";

const V2 = "version=2";

for (const backend of BACKENDS) {
  describe(`uploadPack, requests on ${backend}`, () => {
    let story: OperationStory;
    let git: TemporaryRepository;
    const commits: string[] = [];
    let hidden: string;

    beforeAll(async () => {
      story = await OperationStory.open(backend);
      git = TemporaryRepository.at(story.test.pathOf(story.repository));
      for (let n = 0; n < 4; n++) {
        commits.push(await git.commit({ files: { file: `${n}` }, seconds: 1_700_000_000 + n }));
      }
      await git.git(["tag", "-a", "-m", "one", "v1", commits[1]!]);
      hidden = await git.commit({ branch: "hidden", files: { file: "hidden" } });
      await git.git(["update-ref", "refs/keep-around/x", hidden]);
      await git.git(["update-ref", "refs/holdfast/y", hidden]);
      await git.git(["update-ref", "-d", "refs/heads/hidden"]);
      await git.git(["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
      await git.git(["config", "uploadpack.allowFilter", "true"]);
      await git.git(["config", "uploadpack.allowRefInWant", "true"]);
      await git.git(["config", "transfer.advertiseObjectInfo", "true"]);
      for (const prefix of ["refs/keep-around", "refs/holdfast"]) {
        await git.git(["config", "--add", "transfer.hideRefs", prefix]);
      }
    });

    afterAll(() => story.close());

    const ask = (body: string, protocol: string | undefined = V2): Promise<Heard> =>
      hear(
        story.run(
          uploadPack,
          { mode: "stateless", ...(protocol !== undefined && { protocol }) },
          bodyOf(body),
        ) as AsyncIterable<Uint8Array>,
      );
    const linesFor = async (body: string, protocol?: string) => linesOf((await ask(body, protocol)).bytes);
    const gitLinesFor = async (body: string, protocol: string = V2) => {
      const answer = gitUploadPack(git.path)(protocol, "stateless", bodyOf(body), new AbortController().signal);
      return linesOf(Buffer.concat(await collect<Uint8Array>(answer)));
    };

    test("ls-refs answers as git does, whatever is asked", async () => {
      const arguments_ = [
        [],
        ["peel"],
        ["symrefs"],
        ["peel", "symrefs", "unborn"],
        ["ref-prefix HEAD"],
        ["ref-prefix refs/heads/", "ref-prefix refs/heads/m", "peel"],
        ["ref-prefix r", "symrefs"],
        ["ref-prefix refs/nothing/"],
        ["ref-prefix refs/../refs/heads/"],
        ["ref-prefix "],
      ];
      for (const args of arguments_) {
        const body = command("ls-refs", args);
        expect(await linesFor(body)).toEqual(await gitLinesFor(body));
      }
    });

    test("object-info tells sizes, and what is missing", async () => {
      const body = command("object-info", ["size", `oid ${commits[0]}`, `oid ${"1".repeat(40)}`]);
      expect(await linesFor(body)).toEqual(await gitLinesFor(body));
    });

    test("the capabilities of version 2", async () => {
      const { bytes } = await hear(
        story.run(uploadPack, { mode: "advertise", protocol: V2 }) as AsyncIterable<Uint8Array>,
      );
      const lines = await linesOf(bytes);
      expect(lines[0]).toBe("version 2");
      expect(lines).toContain("ls-refs=unborn");
      expect(lines).toContain("fetch=shallow wait-for-done filter ref-in-want");
      expect(lines).toContain("object-format=sha1");
      expect(lines.at(-1)).toBe("flush");
    });

    test("version 0 shows no hidden references, and says where HEAD points", async () => {
      const { bytes } = await hear(story.run(uploadPack, { mode: "advertise" }) as AsyncIterable<Uint8Array>);
      const lines = await linesOf(bytes);
      expect(lines[0]).toStartWith(`${commits[3]} HEAD\0multi_ack `);
      expect(lines[0]).toContain(" symref=HEAD:refs/heads/main ");
      expect(lines[0]).toContain(" object-format=sha1 ");
      const names = lines.slice(0, -1).map((text) => text.split("\0")[0]!.split(" ")[1]);
      expect(names).toEqual(["HEAD", "refs/heads/alias", "refs/heads/main", "refs/tags/v1", "refs/tags/v1^{}"]);
    });

    test("version 1 says so first", async () => {
      const run = story.run(uploadPack, { mode: "advertise", protocol: "version=1" });
      const { bytes } = await hear(run as AsyncIterable<Uint8Array>);
      expect((await linesOf(bytes))[0]).toBe("version 1");
    });

    test("a wanted reference is named in the answer", async () => {
      const lines = await linesFor(command("fetch", ["want-ref refs/heads/main", "want-ref HEAD", "done"]));
      expect(lines).toEqual([
        "wanted-refs",
        `${commits[3]} refs/heads/main`,
        `${commits[3]} HEAD`,
        "delim",
        "packfile",
      ]);
    });

    test("a wanted reference of a shallow fetch: sections stand in the order that clients expect", async () => {
      const answer = await ask(command("fetch", ["want-ref refs/heads/main", "deepen 1", "done", "no-progress"]));
      expect(await linesOf(answer.bytes)).toEqual([
        "shallow-info",
        `shallow ${commits[3]}`,
        "delim",
        "wanted-refs",
        `${commits[3]} refs/heads/main`,
        "delim",
        "packfile",
      ]);
      const pack = await packOf(answer.bytes);
      expect(pack.toString("latin1", 0, 4)).toBe("PACK");
      expect(pack.readUInt32BE(8)).toBe(3);
    });

    test("acknowledgments come before the other sections, and alone until there is enough", async () => {
      const have = `have ${commits[2]}`;
      const wants = ["want-ref refs/heads/main", "deepen 2", `shallow ${commits[2]}`];
      expect(await linesFor(command("fetch", [...wants, have]))).toEqual([
        "acknowledgments",
        `ACK ${commits[2]}`,
        "ready",
        "delim",
        "shallow-info",
        "delim",
        "wanted-refs",
        `${commits[3]} refs/heads/main`,
        "delim",
        "packfile",
      ]);
      expect(await linesFor(command("fetch", [`want ${commits[3]}`, `have ${"1".repeat(40)}`]))).toEqual([
        "acknowledgments",
        "NAK",
        "flush",
      ]);
      expect(await linesFor(command("fetch", ["wait-for-done", `want ${commits[3]}`, have]))).toEqual([
        "acknowledgments",
        `ACK ${commits[2]}`,
        "flush",
      ]);
    });

    test("haves without wants are acknowledged when the client waits", async () => {
      const body = command("fetch", ["wait-for-done", `have ${commits[1]}`, `have ${commits[0]}`]);
      expect(await linesFor(body)).toEqual(await gitLinesFor(body));
    });

    const refusals: [string, string][] = [
      [command("fetch", [`want ${"1".repeat(40)}`, "done"]), `upload-pack: not our ref ${"1".repeat(40)}`],
      [command("fetch", ["want-ref refs/heads/absent", "done"]), "unknown ref refs/heads/absent"],
      [command("fetch", ["want-ref refs/keep-around/x", "done"]), "unknown ref refs/keep-around/x"],
      [command("fetch", ["want-ref HEAD", "want-ref HEAD"]), "duplicate want-ref HEAD"],
      [command("fetch", ["filter blob:much", "want-ref HEAD", "done"]), "invalid filter-spec 'blob:much'"],
      [command("fetch", ["want-ref HEAD", "deepen 0", "done"]), "invalid deepen 0"],
      [command("fetch", ["want-ref HEAD", "deepen-not absent", "done"]), "deepen-not is not a ref: absent"],
      [
        command("fetch", ["want-ref HEAD", "deepen 1", "deepen-since 5", "done"]),
        "deepen and deepen-since (or deepen-not) cannot be used together",
      ],
      [command("fetch", ["want-ref HEAD", "deepen-since 1900000000"]), "no commits selected for shallow requests"],
      [command("fetch", ["frobnicate"]), "unexpected line: 'frobnicate'"],
      [command("push", []), "invalid command 'push'"],
      [command("ls-refs", [], ["object-format=sha256"]), "mismatched object format: server sha1; client sha256"],
      [command("ls-refs", [], ["telepathy"]), "unknown capability 'telepathy'"],
      [`${line("agent=x")}0000`, "no command requested"],
    ];
    for (const [body, message] of refusals) {
      test(`is told: ${message.slice(0, 60)}`, async () => {
        const { bytes, error } = await ask(body);
        expect(await linesOf(bytes)).toEqual([`ERR ${message}`]);
        expect(hasReason(error, "protocol_error")).toBe(true);
      });
    }

    const strictly = async (mode: "stateless" | "stateful", body: string) => {
      const input = { mode, configOptions: ["uploadpack.allowAnySHA1InWant=false"] };
      return await hear(story.run(uploadPack, input, bodyOf(body)) as AsyncIterable<Uint8Array>);
    };

    test("an object that no reference shows is given, in version 0 unless that is forbidden", async () => {
      expect((await linesFor(command("fetch", [`want ${hidden}`, "done"]))).at(-1)).toBe("packfile");
      const body = `${line(`want ${hidden}`)}0000${line("done")}`;
      expect((await ask(body, "")).bytes.toString("latin1", 0, 12)).toBe("0008NAK\nPACK");
      const refusal = await strictly("stateless", body);
      expect(await linesOf(refusal.bytes)).toEqual([`ERR upload-pack: not our ref ${hidden}`]);
    });

    test("where it is forbidden, version 0 without state takes what an advertised reference reaches, with state only the tips", async () => {
      const body = `${line(`want ${commits[1]}`)}0000${line("done")}`;
      const stateless = await strictly("stateless", body);
      expect(stateless.bytes.toString("latin1", 0, 12)).toBe("0008NAK\nPACK");
      const stateful = await strictly("stateful", body);
      expect((await linesOf(stateful.bytes)).at(-1)).toBe(`ERR upload-pack: not our ref ${commits[1]}`);
    });

    test("settings of the service hide more", async () => {
      const configOptions = ["transfer.hideRefs=refs/tags", "uploadpack.hideRefs=!refs/tags/v1"];
      for (const [count, names] of [
        [1, ["HEAD", "refs/heads/alias", "refs/heads/main"]],
        [2, ["HEAD", "refs/heads/alias", "refs/heads/main", "refs/tags/v1"]],
      ] as const) {
        const hiding = { mode: "stateless" as const, protocol: V2, configOptions: configOptions.slice(0, count) };
        const run = story.run(uploadPack, hiding, bodyOf(command("ls-refs", [])));
        const lines = await linesOf((await hear(run as AsyncIterable<Uint8Array>)).bytes);
        expect(lines.slice(0, -1).map((text) => text.split(" ")[1]!)).toEqual([...names]);
      }
    });

    test("several requests in one connection", async () => {
      const body = bodyOf(command("ls-refs", ["ref-prefix HEAD"]), command("ls-refs", ["ref-prefix HEAD"]), "0000");
      const run = story.run(uploadPack, { mode: "stateful", protocol: V2 }, body) as AsyncIterable<Uint8Array>;
      const { bytes, error } = await hear(run);
      const lines = await linesOf(bytes);
      expect(error).toBeUndefined();
      expect(lines.slice(lines.indexOf("flush") + 1)).toEqual([
        `${commits[3]} HEAD`,
        "flush",
        `${commits[3]} HEAD`,
        "flush",
      ]);
    });

    const garbage = ["zzzz", "0003", "fff1", "00", "0010command", "0014command=ls-refs\n", `${line("want 12")}`];
    for (const body of garbage) {
      test(`throws protocol_error for ${JSON.stringify(body)}`, async () => {
        const { bytes, error } = await ask(body, body.startsWith("000cwant") ? "" : V2);
        expect(hasReason(error, "protocol_error")).toBe(true);
        if (!body.includes("want")) expect(bytes.length).toBe(0);
      });
    }

    test("a client that has gone ends a fetch, and its pack-objects", async () => {
      const gone = new AbortController();
      const { engine, caller } = story.test;
      const input = { repository: story.repository, mode: "stateless" as const, protocol: V2 };
      const body = bodyOf(command("fetch", ["want-ref HEAD", "done"]));
      const outputs = engine.run(
        uploadPack,
        input,
        { ...caller, signal: gone.signal },
        body,
      ) as AsyncIterable<Uint8Array>;
      let heard = 0;
      const reading = (async () => {
        for await (const _ of outputs) {
          heard++;
          gone.abort();
        }
      })();
      let failure: unknown;
      await reading.catch((error: unknown) => (failure = error));
      expect(hasReason(failure, "canceled")).toBe(true);
      expect(heard).toBe(1);
    });

    describe("repositories out of the ordinary", () => {
      const referencesOf = async (story: OperationStory, args: string[]) => {
        const body = bodyOf(command("ls-refs", args));
        const run = story.run(uploadPack, { mode: "stateless", protocol: V2 }, body);
        return linesOf((await hear(run as AsyncIterable<Uint8Array>)).bytes);
      };

      test("without any reference", async () => {
        const empty = await OperationStory.open(backend);
        expect(await referencesOf(empty, ["symrefs", "unborn"])).toEqual([
          "unborn HEAD symref-target:refs/heads/main",
          "flush",
        ]);
        expect(await referencesOf(empty, ["symrefs"])).toEqual(["flush"]);
        const { bytes } = await hear(empty.run(uploadPack, { mode: "advertise" }) as AsyncIterable<Uint8Array>);
        expect((await linesOf(bytes))[0]).toStartWith(`${"0".repeat(40)} capabilities^{}\0`);
        await empty.close();
      });

      test("with a detached HEAD", async () => {
        const detached = await OperationStory.open(backend);
        const origin = TemporaryRepository.at(detached.test.pathOf(detached.repository));
        const oid = await origin.commit({});
        await writeFile(join(origin.path, "HEAD"), `${oid}\n`);
        const lines = await referencesOf(detached, ["symrefs"]);
        expect(lines).toEqual([`${oid} HEAD`, `${oid} refs/heads/main`, "flush"]);
        await detached.close();
      });
    });
  });
}
