import type { FilePatch } from "../../../../domain/diff.ts";
import type { DiffLimits } from "./diff-limits.ts";
import { measurePatch, type PatchSize } from "./patch-size.ts";

/** What becomes of a file under the limits. */
export interface LimitedPatch {
  readonly file: FilePatch;
  /** The patch, or nothing where it is left out. */
  readonly patch: Uint8Array;
  readonly size: PatchSize;
  readonly collapsed: boolean;
  readonly tooLarge: boolean;
  readonly overflow: boolean;
}

const NO_PATCH = new Uint8Array();

/** Counts what a diff sends and decides, file by file, whether the patch goes along. */
export class LimitedDiff {
  readonly #limits: DiffLimits;
  #files = 0;
  #lines = 0;
  #bytes = 0;

  constructor(limits: DiffLimits) {
    this.#limits = limits;
  }

  /** The next file; undefined where the diff ends because a limit is met. */
  next(file: FilePatch): LimitedPatch | undefined {
    const limits = this.#limits;
    const size = measurePatch(file.patch);
    let { patch } = file;
    this.#files++;
    this.#lines += size.lines;
    this.#bytes += size.bytes;
    const leaveOut = () => {
      if (patch !== NO_PATCH) {
        this.#lines -= size.lines;
        this.#bytes -= size.bytes;
      }
      patch = NO_PATCH;
    };
    const collapsed = limits.collapse && size.lines > 0 && this.#beyondSafeLimits();
    if (collapsed) leaveOut();
    if (!limits.enforced) return { file, patch, size, collapsed, tooLarge: false, overflow: false };
    const tooLarge = patch.byteLength >= limits.patchBytesMax(file.newPath);
    if (tooLarge) leaveOut();
    const overflow = this.#beyondLimits();
    if (!overflow) return { file, patch, size, collapsed, tooLarge, overflow };
    return limits.collectAllPaths ? { file, patch: NO_PATCH, size, collapsed, tooLarge, overflow } : undefined;
  }

  #beyondSafeLimits(): boolean {
    const { safeFilesMax, safeLinesMax, safeBytesMax } = this.#limits;
    return this.#files > safeFilesMax || this.#lines > safeLinesMax || this.#bytes > safeBytesMax;
  }

  #beyondLimits(): boolean {
    const { filesMax, linesMax, bytesMax } = this.#limits;
    return this.#files > filesMax || this.#lines >= linesMax || this.#bytes >= bytesMax;
  }
}
