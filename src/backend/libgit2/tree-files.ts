import type { AtOnce } from "../../domain/at-once.ts";
import { type GitPath, type TreeEntry, type TreeFile, typeOfMode } from "../../domain/git-object.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { ObjectsFacet, RepositoryView } from "../backend.ts";
import type { CoreFunctions, ObjectFunctions } from "./addon.ts";
import { headerAt, OBJECT_TYPES } from "./object-header.ts";
import { generationNow, PackedAnswers } from "./packed-answers.ts";
import { askNow, checkView, runJob } from "./run-job.ts";

type FilesAddon = CoreFunctions & ObjectFunctions;

/** What is kept of small files. */
const FILES_BYTES_MAX = 1024 * 1024;
/** What a file takes beside its content. */
const FILE_BYTES = 300;

/** Entries of trees and files, by their paths: at once where memory has them, or the disk is not waited for. */
export function createTreeFiles(addon: FilesAddon): Pick<ObjectsFacet, "treeEntry" | "readFile"> {
  const bytesOf = ({ content }: TreeFile) => FILE_BYTES + (content?.length ?? 0);
  const files = new PackedAnswers<TreeFile>(addon, FILES_BYTES_MAX, bytesOf);
  return {
    treeEntry(view: RepositoryView, treeish: Oid, path: GitPath): AtOnce<TreeEntry | undefined> {
      checkView(view);
      if (!isOid(treeish, "sha1")) return undefined;
      const { gitDir, quarantineDir } = view;
      const generation = generationOf(addon, view);
      // The addon knows as much as could be kept here, and tells it as fast.
      const answer = askNow(() => addon.treeEntrySync(gitDir, quarantineDir, generation, treeish, path));
      if (answer !== null) return entryOf(path, answer);
      const start = () => addon.treeEntry(gitDir, quarantineDir, 0, treeish, path);
      return runJob(addon, view, start).then((found) => entryOf(path, found));
    },

    readFile(view: RepositoryView, treeish: Oid, path: GitPath, bytesMax?: number): AtOnce<TreeFile | undefined> {
      checkView(view);
      if (!isOid(treeish, "sha1")) return undefined;
      const { gitDir, quarantineDir } = view;
      const key = files.key(view, `${treeish}:${path}:${bytesMax}`);
      const known = key === undefined ? undefined : files.get(key);
      if (known !== undefined) return known;
      const generation = generationOf(addon, view);
      const fileNow = () => {
        const found = addon.fileReadSync(gitDir, quarantineDir, generation, treeish, path, bytesMax);
        return found === null ? null : fileOf(path, found);
      };
      const answer = askNow(key === undefined ? fileNow : () => files.ask(key, fileNow));
      if (answer !== null) return answer;
      const start = () => addon.fileRead(gitDir, quarantineDir, 0, treeish, path, bytesMax);
      return runJob(addon, view, start).then((found) => fileOf(path, found));
    },
  };
}

/** What all who ask in this turn have seen; a quarantine is nobody else's. */
const generationOf = (addon: FilesAddon, { gitDir, quarantineDir }: RepositoryView): number =>
  quarantineDir === undefined ? generationNow(addon, gitDir) : 0;

/** As native/read_binding.c writes it. */
const FILE_HEADER_BYTES = 52;

function entryOf(path: GitPath, found: string | undefined): TreeEntry | undefined {
  if (found === undefined) return undefined;
  const mode = Number.parseInt(found.slice(0, 6), 8);
  return { path, mode, type: typeOfMode(mode), oid: found.slice(7) };
}

function fileOf(path: GitPath, found: Buffer | [header: Buffer, content: Buffer] | undefined): TreeFile | undefined {
  if (found === undefined) return undefined;
  const [header, content] = Array.isArray(found) ? found : [found, found.subarray(FILE_HEADER_BYTES)];
  const number = headerAt(header, 0);
  const mode = header.readUInt32LE(8);
  const entry = { path, mode, type: typeOfMode(mode), oid: header.toString("latin1", 12, FILE_HEADER_BYTES) };
  if (OBJECT_TYPES[number % 8] !== "blob") return { entry };
  return { entry, size: Math.floor(number / 8), content };
}
