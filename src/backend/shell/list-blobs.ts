import type { ByteString } from "../../domain/bytes.ts";
import { OID_HEX_LENGTH } from "../../domain/oid.ts";
import type { ListedBlob, RepositoryView } from "../backend.ts";
import { lineRecords } from "./null-records.ts";
import { revisionArguments, unknownRevision } from "./revision-arguments.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";

/** Blobs that revisions reach, as `git rev-list --objects --in-commit-order` lists them. */
export async function* listBlobs(
  runner: GitRunner,
  view: RepositoryView,
  revisions: readonly ByteString[],
  blobsMax = Infinity,
): AsyncGenerator<ListedBlob[]> {
  const { flags, stdin } = revisionArguments(revisions);
  const oidLength = OID_HEX_LENGTH[view.objectFormat];
  let left = blobsMax;
  const run = { command: "listBlobs", flags, paths: [], ...(stdin === undefined ? {} : { stdin }) } as const;
  try {
    for await (const lines of lineRecords(runner.stream(view, run))) {
      const blobs = lines.slice(0, left).map((line) => parse(line, oidLength));
      left -= blobs.length;
      if (blobs.length > 0) yield blobs;
      if (left <= 0) return;
    }
  } catch (error) {
    throw unknownRevision(stderrOf(error), error) ?? error;
  }
}

/** A line is the id, and a space and the path when the blob was found in a tree. */
function parse(line: ByteString, oidLength: number): ListedBlob {
  const oid = line.slice(0, oidLength);
  const path = line.slice(oidLength + 1);
  return path === "" ? { oid } : { oid, path };
}
