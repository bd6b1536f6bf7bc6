import type { Oid } from "../../domain/oid.ts";
import { type FetchRequest, INFINITE_DEPTH } from "../../wire/fetch-request.ts";
import { WireRefusal } from "../../wire/wire-refusal.ts";
import type { HistoryReader } from "./history-reader.ts";

/** What a fetch changes about where the client's history ends, and what that means for the pack. */
export interface ShallowPlan {
  /** Commits that the client gets without their parents, and did not have so before. */
  readonly shallow: readonly Oid[];
  /** Commits whose parents the client gets now. */
  readonly unshallow: readonly Oid[];
  /** The parents that come with that. */
  readonly moreWants: readonly Oid[];
  /** All commits that pack-objects takes as having no parents; none when it shall take the history as it is. */
  readonly ends: readonly Oid[];
}

/** Where history ends for a set of tips: what is inside, and the commits at the border, whose parents are left out. */
interface Border {
  readonly inside: ReadonlySet<Oid>;
  readonly border: readonly Oid[];
}

export interface ShallowQuestion {
  readonly reader: HistoryReader;
  readonly request: FetchRequest;
  readonly wants: readonly Oid[];
  /** Commits that the references named by `deepen-not` point at. */
  readonly excluded: readonly Oid[];
  /** Version 2 also tells a client about the ends of a repository that is shallow itself. */
  readonly tellsOwnEnds: boolean;
}

/** Plans a fetch with, or into, shallow history (gitprotocol-pack(5), shallow(7)). Throws `protocol_error` for what makes no sense. */
export async function planShallow(question: ShallowQuestion): Promise<ShallowPlan> {
  const { reader, request } = question;
  const known = await knownShallow(reader, request.shallow);
  const border = await borderOf(question, known);
  if (border === undefined) {
    return { shallow: [], unshallow: [], moreWants: [], ends: known.length > 0 ? [...known, ...reader.ends] : [] };
  }
  const had = new Set(known);
  const shallow = border.border.filter((oid) => !had.has(oid) && !border.inside.has(oid));
  const unshallow = known.filter((oid) => border.inside.has(oid));
  const parents = (await reader.existingCommits(unshallow)).flatMap((commit) => commit.parents);
  // The client's own ends stay ends, also those that are moved: pack-objects shall think of it as the client does.
  const ends = known.length > 0 || shallow.length > 0 ? new Set([...known, ...shallow, ...reader.ends]) : [];
  return { shallow, unshallow, moreWants: [...new Set(parents)], ends: [...ends] };
}

/** The client's ends as far as they are here; others say nothing. */
async function knownShallow(reader: HistoryReader, shallow: ReadonlySet<Oid>): Promise<Oid[]> {
  const oids = [...shallow];
  const types = await reader.types(oids);
  return oids.filter((oid, index) => {
    const type = types[index];
    if (type !== undefined && type !== "commit") throw new WireRefusal(`invalid shallow object ${oid}`);
    return type !== undefined;
  });
}

/** The new border; undefined when the request is not about depth. */
async function borderOf(question: ShallowQuestion, known: readonly Oid[]): Promise<Border | undefined> {
  const { reader, request, wants, tellsOwnEnds } = question;
  const { depth, relative } = request.deepening;
  if (depth > 0 && request.deepensByHistory) {
    throw new WireRefusal("deepen and deepen-since (or deepen-not) cannot be used together");
  }
  if (request.deepensByHistory) return await byHistory(question);
  if (depth === 0 && !(tellsOwnEnds && reader.ends.size > 0)) return undefined;
  const levels = depth === 0 ? INFINITE_DEPTH : depth;
  if (levels === INFINITE_DEPTH && reader.ends.size === 0) return { inside: new Set(known), border: [] };
  if (!relative) return await byDepth(reader, await reader.peelToCommits(wants), levels);
  const lost = await reader.unreachable(known, ["--all"]);
  const from = known.filter((oid) => !lost.has(oid));
  return await byDepth(reader, from, Math.min(levels + 1, INFINITE_DEPTH));
}

/** Breadth first, so that every commit is met at its least depth: the tips are at depth 1. */
async function byDepth(reader: HistoryReader, tips: readonly Oid[], depth: number): Promise<Border> {
  const seen = new Set(tips);
  const inside = new Set<Oid>();
  const border: Oid[] = [];
  let level = [...tips];
  for (let at = 1; level.length > 0; at++) {
    const commits = await reader.existingCommits(level);
    if (at >= depth && depth !== INFINITE_DEPTH) return { inside, border: [...border, ...level] };
    const next: Oid[] = [];
    for (const [index, oid] of level.entries()) {
      if (reader.ends.has(oid)) {
        border.push(oid);
        continue;
      }
      inside.add(oid);
      for (const parent of commits[index]!.parents) {
        if (seen.has(parent)) continue;
        seen.add(parent);
        next.push(parent);
      }
    }
    level = next;
  }
  return { inside, border };
}

/** The commits since a time, or not reached by some references: at the border are those with a parent outside. */
async function byHistory({ reader, request, wants, excluded }: ShallowQuestion): Promise<Border> {
  const tips = await reader.peelToCommits(wants);
  const revisions = [...excluded.map((oid) => `^${oid}`), ...tips];
  const found = tips.length === 0 ? [] : await reader.since(revisions, request.deepening.sinceSeconds);
  if (found.length === 0) throw new WireRefusal("no commits selected for shallow requests");
  const all = new Set(found);
  const commits = await reader.existingCommits(found);
  const isAtBorder = (index: number) => commits[index]!.parents.some((parent) => !all.has(parent));
  const border = found.filter((oid, index) => isAtBorder(index) || reader.ends.has(oid));
  for (const oid of border) all.delete(oid);
  return { inside: all, border };
}
