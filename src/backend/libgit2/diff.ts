import { OperationError } from "../../domain/errors.ts";
import type { WhitespaceMode } from "../../domain/diff.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { ChangedPathsRequest, DiffFacet, DiffSpec, RepositoryView } from "../backend.ts";
import type { CoreFunctions, DiffFunctions } from "./addon.ts";
import { packOids } from "./pack-oids.ts";
import { checkView, runJob } from "./run-job.ts";
import { hasAddonCode } from "./translate-error.ts";
import { type DiffPart, unpackChangedPaths, unpackPart, unpackPatches, unpackStats } from "./unpack-diff.ts";

type Diffing = CoreFunctions & DiffFunctions;

/** What an answer is made of: hf_diff_kind of native/patch.h. */
const PATCHES = 0;
const TEXT = 1;
const STATS = 2;

/** hf_whitespace of native/patch_text.h. */
const WHITESPACE: Readonly<Record<WhitespaceMode, number>> = { keep: 0, "ignore-change": 1, "ignore-all": 2 };

/** Lines round a change, as git prints them unless it is told otherwise. */
const CONTEXT_LINES = 3;
/** Requests that one job answers: a stream of them is not held up by the last. */
const REQUESTS_PER_JOB = 64;
/** The service sends no larger pieces of text. */
const CHUNK_BYTES = 128 * 1024;

/**
 * Diffs by a walk of our own over the trees and libgit2's line comparison, which is git's. A diff in which git could find a
 * rename, or that settings of the repository change, is `unsupported`.
 */
export function createDiff(addon: Diffing): DiffFacet {
  return {
    async *patches(view, spec) {
      if (spec.wordDiff === true) throw new OperationError("unsupported", { what: "word diff" });
      if (spec.contextLines !== undefined && spec.contextLines !== CONTEXT_LINES)
        throw new OperationError("unsupported", { what: "another number of context lines" });
      for await (const part of parts(addon, view, PATCHES, spec)) yield* unpackPatches(part);
    },

    async *raw(view, left, right) {
      for await (const { body } of parts(addon, view, TEXT, { left, right, renameThreshold: 50 }))
        for (let at = 0; at < body.length; at += CHUNK_BYTES) yield body.subarray(at, at + CHUNK_BYTES);
    },

    async *stats(view, left, right) {
      for await (const part of parts(addon, view, STATS, { left, right, renameThreshold: 50 })) {
        if (part.count > 0) yield unpackStats(part);
      }
    },

    async *changedPaths(view, requests, merges) {
      checkView(view);
      for (let at = 0; at < requests.length;) {
        const some = requests.slice(at, at + REQUESTS_PER_JOB);
        const packed = packRequests(some);
        const rows = await translated(() =>
          runJob(addon, view, () =>
            addon.changedPaths(view.gitDir, view.quarantineDir, packed, merges === "all-parents"),
          ),
        );
        at += rows.readUInt32LE(0);
        yield* unpackChangedPaths(rows.subarray(4), some);
      }
    },
  };
}

/** The parts of a diff's answer. While the caller looks at one, the next is made. */
async function* parts(addon: Diffing, view: RepositoryView, kind: number, spec: DiffSpec): AsyncGenerator<DiffPart> {
  checkView(view);
  requireOids([spec.left, spec.right]);
  const { gitDir, quarantineDir } = view;
  const whitespace = WHITESPACE[spec.whitespace ?? "keep"];
  const renames = spec.renameThreshold !== undefined;
  const paths = spec.paths === undefined || spec.paths.length === 0 ? undefined : packPaths(spec.paths);
  const first = runJob(addon, view, () =>
    addon.diff(gitDir, quarantineDir, kind, whitespace, spec.left, spec.right, renames, paths),
  );
  let next: Promise<Buffer> | undefined = translated(() => first);
  while (next !== undefined) {
    const part: DiffPart = unpackPart(await next);
    const { rest } = part;
    const goOn = () => addon.diffRest(gitDir, quarantineDir, kind, whitespace, rest);
    next = rest.length === 0 ? undefined : runJob(addon, view, goOn);
    // The caller may stop listening while it runs; its failure is then nobody's business.
    next?.catch(() => {});
    yield part;
  }
}

/** An object of another kind than a diff takes is none. */
async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const cause = error instanceof OperationError ? error.cause : undefined;
    if (!hasAddonCode(cause, "wrong_type")) throw error;
    throw new OperationError("object_not_found", { oid: cause.subject ?? "" }, { cause });
  }
}

function requireOids(oids: readonly Oid[]): void {
  const oid = oids.find((candidate) => !isOid(candidate, "sha1"));
  if (oid !== undefined) throw new OperationError("object_not_found", { oid });
}

function packPaths(paths: readonly GitPath[]): Buffer {
  const texts = paths.map((path) => Buffer.from(path, "latin1"));
  return Buffer.concat([u32(texts.length), ...texts.flatMap((text) => [u32(text.length), text])]);
}

/** Requests as native/patch.h packs them. */
function packRequests(requests: readonly ChangedPathsRequest[]): Buffer {
  const packed: Uint8Array[] = [u32(requests.length)];
  for (const request of requests) {
    const [oid, others] =
      request.kind === "trees" ? [request.left, [request.right]] : [request.commit, request.parents ?? []];
    requireOids([oid, ...others]);
    packed.push(
      Buffer.from(request.kind === "trees" ? "t" : "c"),
      packOids([oid]),
      u32(others.length),
      packOids(others),
    );
  }
  return Buffer.concat(packed);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
