import type { DiffEntry, FilePatch } from "../../domain/diff.ts";
import { ByteScanner } from "./byte-scanner.ts";
import { parseRawRecord, pathsOf } from "./diff-record.ts";
import { isZeroOid, type Oid } from "../../domain/oid.ts";
import { quotePath } from "../../domain/quote-path.ts";

const NUL = Buffer.from("\0");
const SECTION = Buffer.from("\ndiff --git ");
const NO_PATCH = new Uint8Array();

/**
 * Parses the output of `git diff-tree --raw --patch -z`: all raw records, an empty one, then a section of patch text for most of them,
 * in the same order. A record without a section (its change is white space that was ignored) has an empty patch; a change of type
 * has two sections, whose texts are joined.
 */
export async function* parsePatches(output: AsyncIterable<Buffer>, patchBytesMax: number): AsyncGenerator<FilePatch> {
  const scanner = new ByteScanner(output, patchBytesMax);
  try {
    const entries = await rawEntries(scanner);
    let section = await nextSection(scanner);
    for (const entry of entries) {
      const header = headerOf(entry);
      const patches: Buffer[] = [];
      let { newOid } = entry;
      while (
        section !== undefined &&
        section.header === header &&
        patches.length < (entry.status === "type-changed" ? 2 : 1)
      ) {
        patches.push(section.patch);
        // A file of a worktree has its id in the header alone.
        if (isZeroOid(newOid) && entry.status !== "deleted") newOid = section.newOid ?? entry.oldOid;
        section = await nextSection(scanner);
      }
      const binary = patches.some((patch) => patch.toString("latin1", 0, 13) === "Binary files ");
      yield { ...entry, newOid, binary, patch: patches.length === 0 ? NO_PATCH : Buffer.concat(patches) };
    }
    // Ends the run, so that its exit code is seen.
    await scanner.until(NUL);
  } finally {
    await scanner.close();
  }
}

async function rawEntries(scanner: ByteScanner): Promise<DiffEntry[]> {
  const entries: DiffEntry[] = [];
  const text = async () => (await scanner.until(NUL))?.toString("latin1") ?? "";
  for (;;) {
    const record = await text();
    if (record === "") return entries;
    const raw = parseRawRecord(record);
    const oldPath = await text();
    entries.push({ ...raw, oldPath, newPath: pathsOf(raw) === 2 ? await text() : oldPath });
  }
}

interface Section {
  readonly header: string;
  readonly patch: Buffer;
  /** Absent where only the mode has changed. */
  readonly newOid: Oid | undefined;
}

async function nextSection(scanner: ByteScanner): Promise<Section | undefined> {
  // Lines of a patch begin with a space or a sign, so the word can only begin a section.
  const bytes = await scanner.until(SECTION, 1);
  if (bytes === undefined) return undefined;
  const firstEnd = bytes.indexOf("\n");
  const start = startOfPatch(bytes, firstEnd + 1);
  const newOid = /^index [0-9a-f]+\.\.([0-9a-f]+)/m.exec(bytes.toString("latin1", firstEnd, start))?.[1];
  return { header: bytes.toString("latin1", 0, firstEnd), patch: bytes.subarray(start), newOid };
}

/** Where the header lines end: at the first hunk, or at the line about binary files; at the end when there is neither. */
function startOfPatch(section: Buffer, from: number): number {
  let at = from;
  while (at < section.length) {
    const start = section.toString("latin1", at, at + 13);
    if (start.startsWith("@@ ") || start === "Binary files ") return at;
    const end = section.indexOf("\n", at);
    if (end < 0) break;
    at = end + 1;
  }
  return section.length;
}

function headerOf({ oldPath, newPath }: DiffEntry): string {
  return `diff --git ${quotePath(`a/${oldPath}`)} ${quotePath(`b/${newPath}`)}`;
}
