import type { ByteString } from "../domain/bytes.ts";
import { OID_HEX_LENGTH, type ObjectFormat, type Oid } from "../domain/oid.ts";
import type { RefName } from "../domain/reference.ts";
import { parseFilterSpec } from "./filter-spec.ts";
import { WireRefusal } from "./wire-refusal.ts";

/** A depth that means all of history: what `git fetch --unshallow` asks for. */
export const INFINITE_DEPTH = 0x7fffffff;

/** How much of history the client wants. */
export interface Deepening {
  /** Commits from the wants on; 0 when the client did not ask. */
  depth: number;
  /** Is the depth counted from where the client's history ends now? */
  relative: boolean;
  /** Only commits from this time on, seconds since 1970. */
  sinceSeconds?: number;
  /** References whose history is left out. */
  readonly not: ByteString[];
}

/** What a client says before it gets a pack: in one request of version 2, or over the lines of a conversation in version 0. */
export class FetchRequest {
  readonly wants = new Set<Oid>();
  readonly wantRefs = new Set<RefName>();
  readonly haves: Oid[] = [];
  /** Where the client's history ends: commits that it has without their parents. */
  readonly shallow = new Set<Oid>();
  readonly deepening: Deepening = { depth: 0, relative: false, not: [] };
  filter?: ByteString;
  thinPack = false;
  ofsDelta = false;
  includeTag = false;
  noProgress = false;
  done = false;
  waitForDone = false;

  readonly #oidLength: number;

  constructor(format: ObjectFormat) {
    this.#oidLength = OID_HEX_LENGTH[format];
  }

  /** Does the client ask for another depth than the one it has? */
  get deepens(): boolean {
    return this.deepening.depth > 0 || this.deepensByHistory;
  }

  /** Is the depth given by dates or references? */
  get deepensByHistory(): boolean {
    return this.deepening.sinceSeconds !== undefined || this.deepening.not.length > 0;
  }

  /** Takes an argument of version 2's `fetch` (gitprotocol-v2(5)). Throws `protocol_error` for what it does not know. */
  takeArgument(line: ByteString): void {
    if (this.#takeFlag(line) || this.takeHistoryLine(line)) return;
    const space = line.indexOf(" ");
    const value = line.slice(space + 1);
    switch (space < 0 ? line : line.slice(0, space)) {
      case "want":
        this.wants.add(this.oid(value, line));
        return;
      case "want-ref":
        if (this.wantRefs.has(value)) throw new WireRefusal(`duplicate want-ref ${value}`);
        this.wantRefs.add(value);
        return;
      case "have":
        this.haves.push(this.oid(value, line));
        return;
      case "filter":
        this.takeFilter(value);
        return;
      default:
        throw new WireRefusal(`unexpected line: '${line}'`);
    }
  }

  /** Takes a line about shallow history, which are the same in all versions; false for another line. */
  takeHistoryLine(line: ByteString): boolean {
    const space = line.indexOf(" ");
    if (space < 0) return false;
    const value = line.slice(space + 1);
    switch (line.slice(0, space)) {
      case "shallow":
        this.shallow.add(this.oid(value, line));
        return true;
      case "deepen":
        this.deepening.depth = wholeNumber(value, 1, INFINITE_DEPTH, line);
        return true;
      case "deepen-since":
        this.deepening.sinceSeconds = wholeNumber(value, 0, Number.MAX_SAFE_INTEGER, line);
        return true;
      case "deepen-not":
        this.deepening.not.push(value);
        return true;
      default:
        return false;
    }
  }

  takeFilter(spec: ByteString): void {
    if (this.filter !== undefined) throw new WireRefusal("multiple filter-specs cannot be combined");
    this.filter = parseFilterSpec(spec);
  }

  /** An object id of the repository's format; throws `protocol_error` naming the line. */
  oid(text: ByteString, line: ByteString): Oid {
    const oid = text.toLowerCase();
    if (oid.length !== this.#oidLength || !/^[0-9a-f]+$/.test(oid)) {
      throw new WireRefusal(`expected an object id of ${this.#oidLength} digits, not '${line.slice(0, 200)}'`);
    }
    return oid;
  }

  #takeFlag(line: ByteString): boolean {
    switch (line) {
      case "thin-pack":
        return (this.thinPack = true);
      case "ofs-delta":
        return (this.ofsDelta = true);
      case "include-tag":
        return (this.includeTag = true);
      case "no-progress":
        return (this.noProgress = true);
      case "done":
        return (this.done = true);
      case "wait-for-done":
        return (this.waitForDone = true);
      case "deepen-relative":
        return (this.deepening.relative = true);
      default:
        return false;
    }
  }
}

function wholeNumber(text: string, least: number, most: number, line: ByteString): number {
  const number = /^[0-9]+$/.test(text) ? Number(text) : -1;
  if (number < least || number > most) throw new WireRefusal(`invalid ${line.slice(0, 200)}`);
  return number;
}
