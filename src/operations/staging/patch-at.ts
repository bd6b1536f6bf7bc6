import { toByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { NoPatch, readPatch, type PatchSection } from "../../domain/read-patch.ts";
import { strictPath } from "../files/strict-path.ts";

/** Patches are read as a whole, while nothing else is done. */
const PATCH_BYTES_MAX = 16 * 1024 * 1024;

/** A patch that may be applied, and the files that it changes. */
export interface CheckedPatch {
  readonly patch: Uint8Array;
  readonly paths: readonly GitPath[];
}

/**
 * Checks a patch, and limits it to what it does at and below a path. Throws `too_large`, `invalid_path` for any path in it that has no place in a
 * repository, and `invalid_input` for what is no patch, or does nothing there, or moves a file in or out.
 */
export function patchAt(patch: Uint8Array, blobBytesMax: number, path?: GitPath): CheckedPatch {
  const limitBytes = Math.min(blobBytesMax, PATCH_BYTES_MAX);
  if (patch.length > limitBytes)
    throw new OperationError("too_large", { what: "patch", sizeBytes: patch.length, limitBytes });
  const sections = sectionsOf(patch);
  for (const named of sections.flatMap(({ paths }) => paths)) strictPath(named);
  if (path === undefined) return { patch, paths: pathsOf(sections) };
  const isThere = (name: GitPath) => name === path || name.startsWith(`${path}/`);
  const limited = sections.filter(({ paths }) => paths.some(isThere));
  if (limited.length === 0) throw invalid("it changes nothing at this path");
  if (!limited.every(({ paths }) => paths.every(isThere))) throw invalid("it moves a file from or to elsewhere");
  const text = Buffer.concat(limited.map(({ start, end }) => patch.subarray(start, end)));
  return { patch: text, paths: pathsOf(limited) };
}

function sectionsOf(patch: Uint8Array): PatchSection[] {
  try {
    return readPatch(toByteString(patch));
  } catch (error) {
    throw error instanceof NoPatch ? invalid(error.message) : error;
  }
}

const pathsOf = (sections: readonly PatchSection[]): GitPath[] => [...new Set(sections.flatMap(({ paths }) => paths))];

const invalid = (problem: string): OperationError => new OperationError("invalid_input", { field: "patch", problem });
