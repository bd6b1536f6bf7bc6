import type { GitDiffEntry } from "../domain/diff.ts";
import { gitError } from "./error-of-status.ts";
import type { CommitDiffResponse } from "./generated/diff_pb.ts";
import { Pieces } from "./pieces.ts";
import { textOf } from "./text.ts";

/** Puts the pieces of patches together: the first names the file, the last says that it is the last. */
export class DiffAssembly {
  #finished: GitDiffEntry[] = [];
  #head: CommitDiffResponse | undefined;
  readonly #patch = new Pieces();

  take(message: CommitDiffResponse): void {
    if (message.overflowMarker || message.tooLarge || message.collapsed) throw cutShort(message);
    this.#head ??= message;
    this.#patch.add(message.rawPatchData);
    if (!message.endOfPatch) return;
    this.#finished.push(entryOf(this.#head, this.#patch.join()));
    this.#head = undefined;
  }

  /** What has become whole since the last time. */
  finished(): GitDiffEntry[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  /** What is left at the end; throws when that is half a patch. */
  end(): GitDiffEntry[] {
    if (this.#head === undefined) return this.finished();
    throw gitError(`the patch of ${textOf(this.#head.toPath)} has no end`, { code: "DATA_LOSS" });
  }
}

function entryOf(head: CommitDiffResponse, data: Uint8Array): GitDiffEntry {
  // "Binary files a/x and b/x differ" is no patch.
  const patch = head.binary ? new Uint8Array() : data;
  const told = head.linesAdded > 0 || head.linesRemoved > 0;
  const { added, removed } = told ? { added: head.linesAdded, removed: head.linesRemoved } : countLines(patch);
  return {
    fromPath: textOf(head.fromPath),
    toPath: textOf(head.toPath),
    fromId: head.fromId,
    toId: head.toId,
    oldMode: head.oldMode,
    newMode: head.newMode,
    binary: head.binary,
    patch,
    linesAdded: added,
    linesRemoved: removed,
  };
}

const NEWLINE = 0x0a;
const PLUS = 0x2b;
const MINUS = 0x2d;

/** Older servers leave the counting to their clients. */
function countLines(patch: Uint8Array): { readonly added: number; readonly removed: number } {
  let added = 0;
  let removed = 0;
  for (let at = 0; at < patch.byteLength;) {
    if (patch[at] === PLUS) added++;
    else if (patch[at] === MINUS) removed++;
    const end = patch.indexOf(NEWLINE, at);
    if (end === -1) break;
    at = end + 1;
  }
  return { added, removed };
}

/** A server that cuts diffs though nobody asked it to must not pass for one that sent all. */
function cutShort(message: CommitDiffResponse): Error {
  const path = textOf(message.toPath);
  return gitError(path === "" ? "the server has cut the diff short" : `the server has left out the patch of ${path}`, {
    code: "RESOURCE_EXHAUSTED",
    ...(path === "" ? {} : { detail: { kind: "limit", path } }),
  });
}
