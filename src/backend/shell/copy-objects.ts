import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { LongWait } from "../../domain/long-wait.ts";
import type { QuarantinedView, RepositoryView } from "../backend.ts";
import { LineQueue } from "./line-queue.ts";
import type { GitRunner, StartedGit } from "./run-git.ts";

/** Packs with fewer objects are unpacked, as receive-pack does (git-config(1), `transfer.unpackLimit`). */
const UNPACK_OBJECTS_MAX = 100;
const PACK_HEADER_BYTES = 12;

/**
 * Copies objects between two repositories of this machine: `pack-objects` in one, `index-pack` or `unpack-objects` in the quarantine
 * of the other. No upload-pack: it would ask whose repository it is, and hide references. Yields git's lines of progress.
 */
export async function* copyObjects(
  runner: GitRunner,
  target: QuarantinedView,
  source: RepositoryView,
  selection: { flags: readonly string[]; revisions: readonly ByteString[] },
): AsyncGenerator<string> {
  const lines = new LineQueue();
  const packing = await runner.start(source, { command: "packObjects", flags: selection.flags }, { stdin: true });
  packing.child.onStderr((chunk) => lines.push(chunk));
  packing.child.stdin.end(Buffer.from(selection.revisions.map((revision) => `${revision}\n`).join(""), "latin1"));
  const work = transfer(runner, target, packing, lines).finally(() => lines.end());
  // Its failure is thrown below, once the lines have been read.
  work.catch(() => {});
  try {
    yield* lines;
    await work;
  } finally {
    packing.child.stop();
    await work.catch(() => {});
    await packing.dispose();
  }
}

async function transfer(
  runner: GitRunner,
  target: QuarantinedView,
  packing: StartedGit,
  lines: LineQueue,
): Promise<void> {
  const pack = packing.child.stdout as AsyncIterable<Buffer>;
  const chunks = pack[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < PACK_HEADER_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  if (head.length < PACK_HEADER_BYTES) {
    await packing.finish();
    throw new OperationError(
      "git_failed",
      { command: "pack-objects", exitCode: 0 },
      { context: { argv: packing.argv } },
    );
  }
  const objects = head.readUInt32BE(8);
  if (objects === 0) {
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next());
    await packing.finish();
    return;
  }
  const command = objects < UNPACK_OBJECTS_MAX ? "unpackObjects" : "indexPack";
  const receiving = await runner.start(target, { command }, { stdin: true });
  try {
    receiving.child.onStderr((chunk) => lines.push(chunk));
    receiving.child.stdout.resume();
    await feed(receiving, head, chunks);
    // The receiver would fail over a pack that breaks off; the cause is the sender's.
    await packing.finish();
    await receiving.finish();
  } finally {
    await receiving.dispose();
  }
}

async function feed(receiving: StartedGit, head: Buffer, chunks: AsyncIterator<Buffer>): Promise<void> {
  const { stdin, ended } = receiving.child;
  let gone = false;
  const end = new LongWait(ended.then(() => void (gone = true)));
  const write = async (chunk: Buffer) => {
    if (stdin.write(chunk)) return;
    await end.race(new Promise<void>((resolve) => stdin.once("drain", resolve)));
  };
  await write(head);
  for (let next = await chunks.next(); next.done !== true && !gone; next = await chunks.next()) await write(next.value);
  stdin.end();
}
