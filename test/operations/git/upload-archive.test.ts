import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasReason } from "../../../src/domain/errors.ts";
import { uploadArchive } from "../../../src/operations/git/upload-archive.ts";
import { encodePacket, FLUSH, PacketReader } from "../../../src/wire/pkt-line.ts";
import { BACKENDS, OperationStory } from "../../support/operation-story.ts";
import { runGit } from "../../support/temporary-repository.ts";

async function* pieces(...all: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all;
}

for (const backend of BACKENDS) {
  describe("uploadArchive", () => {
    describe(`over ${backend}`, () => {
      let story: OperationStory;
      let directory: string;
      let server: Server;
      let url: string;

      beforeAll(async () => {
        story = await OperationStory.open(backend);
        await story.commit({ "a.txt": "one\n", "dir/b.txt": "two\n" });
        directory = await mkdtemp(join(tmpdir(), "holdfast-archive-"));
        server = createServer((socket) => void answer(socket));
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as { port: number };
        url = `git://127.0.0.1:${port}/group/project.git`;
      });

      /** The least of a git:// door: the first packet is dropped, the rest is the conversation. */
      async function answer(socket: Socket): Promise<void> {
        const chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
        const reader = new PacketReader(chunks);
        await reader.next();
        const parts = reader.rest();
        try {
          for await (const output of story.run(uploadArchive, {}, parts)) socket.write(output);
        } catch {
          // Told inside the protocol.
        }
        socket.end();
      }

      afterAll(async () => {
        server.close();
        await story.close();
        await rm(directory, { recursive: true });
      });

      const local = () => story.test.pathOf(story.repository);

      for (const args of [
        ["--format=tar", "main"],
        ["--format=tar.gz", "main"],
        ["--format=zip", "refs/heads/main"],
        ["--format=tar", "--prefix=p/", "main:dir"],
        ["--format=tar", "main", "dir"],
      ]) {
        test(`git archive ${args.join(" ")} gives what it gives locally`, async () => {
          const remote = await runGit(directory, ["archive", `--remote=${url}`, ...args]);
          // From a tree the archive takes the time of day.
          if (args.some((arg) => arg.includes(":"))) {
            expect(remote.length).toBe((await runGit(local(), ["archive", ...args])).length);
          } else {
            expect(Buffer.compare(remote, await runGit(local(), ["archive", ...args]))).toBe(0);
          }
        });
      }

      for (const args of [
        ["no-such-branch"],
        ["--no-such-option", "main"],
        ["main^{tree}"],
        ["--add-file=/etc/passwd", "main"],
      ]) {
        test(`git archive ${args.join(" ")} is refused in git's words`, async () => {
          const said = (where: string) =>
            runGit(directory, ["archive", `--remote=${where}`, ...args]).then(
              () => "no error",
              // What the remote side says to its own log is no answer.
              (error: Error) => error.message.replace(/^.*?exit code/s, "").replace(/fatal: sent error .*\n/, ""),
            );
          const ours = await said(url);
          expect(ours).toBe(await said(local()));
          expect(ours).not.toBe("no error");
        });
      }

      test("an object id is refused unless the repository allows what no reference names", async () => {
        const oid = await story.git("rev-parse", "main");
        const remote = () => runGit(directory, ["archive", `--remote=${url}`, oid]);
        expect(await remote().catch((error: Error) => error.message)).toContain("no such ref");
        await story.git("config", "uploadarchive.allowUnreachable", "true");
        expect((await remote()).length).toBeGreaterThan(0);
        await story.git("config", "--unset", "uploadarchive.allowUnreachable");
      });

      test("what is no list of arguments is refused with NACK", async () => {
        const tries: [Uint8Array[], string][] = [
          [[encodePacket("command main"), FLUSH], "'argument' token"],
          [[encodePacket("argument main")], "ends before"],
          [[Buffer.from("zzzz")], "bad line length"],
          [[encodePacket("argument a\0b"), FLUSH], "NUL"],
          [[...Array.from({ length: 70 }, () => encodePacket("argument x")), FLUSH], "Too many"],
        ];
        for (const [input, problem] of tries) {
          const outputs: Uint8Array[] = [];
          const run = async () => {
            for await (const output of story.run(uploadArchive, {}, pieces(...input))) outputs.push(output);
          };
          const error = await run().catch((thrown: unknown) => thrown);
          expect(hasReason(error, "protocol_error")).toBe(true);
          expect(Buffer.concat(outputs).toString()).toMatch(/^[0-9a-f]{4}NACK /);
          expect(Buffer.concat(outputs).toString()).toContain(problem);
        }
      });
    });
  });
}
