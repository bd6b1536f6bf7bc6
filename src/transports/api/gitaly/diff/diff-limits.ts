import type { CommitDiffRequest } from "../generated/diff_pb.ts";

/** How much of a diff is sent, after clamping; see CommitDiffRequest. */
export interface DiffLimits {
  readonly enforced: boolean;
  readonly collapse: boolean;
  /** Go on with names alone where a limit is met. */
  readonly collectAllPaths: boolean;
  readonly filesMax: number;
  readonly linesMax: number;
  readonly bytesMax: number;
  readonly safeFilesMax: number;
  readonly safeLinesMax: number;
  readonly safeBytesMax: number;
  /** Size at which a file's patch is left out. */
  patchBytesMax(path: string): number;
}

const FILES_MAX = 5_000;
const LINES_MAX = 250_000;
const BYTES_MAX = 5_000 * 5 * 1024;
const SAFE_FILES_MAX = 500;
const SAFE_LINES_MAX = 25_000;
const SAFE_BYTES_MAX = 500 * 5 * 1024;
const PATCH_BYTES_MAX = 512_000;

/** The limits that a request asks for, clamped to those of the server. */
export function diffLimits(request: CommitDiffRequest): DiffLimits {
  const byExtension = new Map(Object.entries(request.maxPatchBytesForFileExtension));
  return {
    enforced: request.enforceLimits,
    collapse: request.collapseDiffs,
    collectAllPaths: request.collectAllPaths,
    filesMax: Math.min(request.maxFiles, FILES_MAX),
    linesMax: Math.min(request.maxLines, LINES_MAX),
    bytesMax: Math.min(request.maxBytes, BYTES_MAX),
    safeFilesMax: Math.min(request.safeMaxFiles, SAFE_FILES_MAX),
    safeLinesMax: Math.min(request.safeMaxLines, SAFE_LINES_MAX),
    safeBytesMax: Math.min(request.safeMaxBytes, SAFE_BYTES_MAX),
    patchBytesMax: (path) => Math.min(byExtension.get(extensionOf(path)) ?? request.maxPatchBytes, PATCH_BYTES_MAX),
  };
}

/** The last extension with its dot; the whole name where there is none. */
function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot < 0 ? name : name.slice(dot);
}
