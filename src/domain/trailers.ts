import { type ByteString, fromByteString, toByteString } from "./bytes.ts";

/** A `key: value` line at the end of a message, its continuation lines joined. */
export interface Trailer {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Lines that Git writes itself: with one of them, a quarter of real trailers is enough to make a block of trailers. */
const GENERATED = ["Signed-off-by: ", "(cherry picked from commit "];

const SPACE = /^[ \t\n\v\f\r]/;
const TRAILER = /^([A-Za-z0-9-]+[ \t]*):/;

/** Finds the trailers of a commit message by the rules of git-interpret-trailers(1), values unfolded. */
export function parseTrailers(message: Uint8Array): Trailer[] {
  const lines = withoutTrailingRemarks(toByteString(message).split("\n"));
  const trailers: { key: ByteString; value: ByteString }[] = [];
  let open = false;
  for (const line of lines.slice(startOfBlock(lines))) {
    const key = TRAILER.exec(line);
    const last = trailers.at(-1);
    if (key !== null) trailers.push({ key: key[1]!.trim(), value: line.slice(key[0].length).trim() });
    else if (open && last !== undefined && SPACE.test(line)) last.value = `${last.value} ${line.trim()}`.trim();
    open = key !== null || (open && SPACE.test(line));
  }
  return trailers.map(({ key, value }) => ({ key: fromByteString(key), value: fromByteString(value) }));
}

/** Drops comments, blank lines and an old-style list of conflicts from the end. */
function withoutTrailingRemarks(lines: string[]): string[] {
  let end: number | undefined;
  let inConflicts = false;
  for (const [index, line] of lines.entries()) {
    if (line === "" || line.startsWith("#")) end ??= index;
    else if (line === "Conflicts:") {
      inConflicts = true;
      end ??= index;
    } else if (!(inConflicts && line.startsWith("\t"))) {
      end = undefined;
      inConflicts = false;
    }
  }
  return lines.slice(0, end);
}

/** Index of the first line of the block of trailers; the number of lines when there is none. */
function startOfBlock(lines: readonly string[]): number {
  const title = lines.findIndex((line) => !line.startsWith("#") && isBlank(line));
  if (title < 0) return lines.length;
  let trailers = 0;
  let others = 0;
  let continuations = 0;
  let generated = false;
  for (let index = lines.length - 1; index >= title; index--) {
    const line = lines[index]!;
    if (isBlank(line)) {
      if (trailers + others + continuations === 0) continue;
      others += continuations;
      const enough = generated ? trailers * 3 >= others : trailers > 0 && others === 0;
      return enough ? index + 1 : lines.length;
    }
    if (line.startsWith("#")) {
      others += continuations;
      continuations = 0;
    } else if (GENERATED.some((prefix) => line.startsWith(prefix))) {
      trailers++;
      continuations = 0;
      generated = true;
    } else if (TRAILER.test(line)) {
      trailers++;
      continuations = 0;
    } else if (SPACE.test(line)) {
      continuations++;
    } else {
      others += 1 + continuations;
      continuations = 0;
    }
  }
  return lines.length;
}

function isBlank(line: string): boolean {
  return line.trim() === "";
}
