import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { ObjectType } from "../../domain/git-object.ts";
import { type Oid, zeroOid } from "../../domain/oid.ts";
import { type Head, problemOfRefName, type Reference, type RefName } from "../../domain/reference.ts";
import type { RefsFacet, RepositoryView } from "../backend.ts";
import { flush } from "../flush.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import { lineRecords } from "./null-records.ts";
import { refError } from "./ref-errors.ts";
import { prepareRefs } from "./ref-transaction.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";

/** Names asked for in one run. */
const NAMES_MAX = 500;

/** Fields of a reference; none of them can hold a space. */
const FORMAT = "--format=%(objectname) %(symref) %(refname)";
const FORMAT_PEELED = "--format=%(objectname) %(symref) %(refname) %(objecttype) %(*objecttype) %(*objectname)";

/** References through `for-each-ref`, `symbolic-ref` and `update-ref`. */
export function createRefs(runner: GitRunner, pool: CatFilePool): RefsFacet {
  const facet: RefsFacet = {
    async head(view: RepositoryView): Promise<Head> {
      const { exitCode, stdout } = await runner.run(view, { command: "symbolicRef", operands: ["HEAD"] });
      if (exitCode === 0) {
        const target = stdout.toString("latin1").trimEnd();
        const oid = (await facet.read(view, target))?.oid;
        return oid === undefined ? { target } : { target, oid };
      }
      const detached = await runner.run(view, { command: "revParse", operands: ["HEAD"] });
      return detached.exitCode === 0 ? { oid: detached.stdout.toString("latin1").trimEnd() } : {};
    },

    async read(view: RepositoryView, name: RefName): Promise<Reference | undefined> {
      if (name === "HEAD") {
        const { target, oid } = await facet.head(view);
        if (oid === undefined) return undefined;
        return target === undefined ? { name, oid } : { name, oid, symbolicTarget: target };
      }
      if (!name.startsWith("refs/") || problemOfRefName(name) !== undefined) return undefined;
      const { stdout } = await runner.run(view, { command: "forEachRef", flags: [FORMAT], operands: [name] });
      // The name is also the folder of others, if git let them stand beside it.
      return linesOf(stdout)
        .map(parseReference)
        .find((reference) => reference.name === name);
    },

    // A child process would cost as much as the listing.
    stamp: (_view: RepositoryView) => Promise.resolve(undefined),

    list(view: RepositoryView, options: { prefixes: readonly string[]; peel: boolean }) {
      return listReferences(runner, pool, view, options);
    },

    prepare: (view, changes, options) => prepareRefs(runner, readValues, view, changes, options),

    async setHead(view: RepositoryView, target: RefName): Promise<void> {
      const problem = problemOfRefName(target);
      if (problem !== undefined) throw new OperationError("invalid_reference_name", { references: [target], problem });
      try {
        await runner.run(view, { command: "setSymbolicRef", operands: ["HEAD", target] });
      } catch (error) {
        throw refError(error, [{ name: "HEAD", newOid: zeroOid(view.objectFormat) }]);
      }
      // Git renames the file into place without flushing it.
      await flush(`${view.gitDir}/HEAD`);
      await flush(view.gitDir);
    },
  };

  const readValues = async (view: RepositoryView, names: readonly RefName[]): Promise<Oid[]> => {
    const values = new Map<RefName, Oid>();
    if (names.includes("HEAD")) values.set("HEAD", (await facet.head(view)).oid ?? zeroOid(view.objectFormat));
    for (let at = 0; at < names.length; at += NAMES_MAX) {
      const operands = names.slice(at, at + NAMES_MAX).filter((name) => name !== "HEAD");
      if (operands.length === 0) continue;
      const { stdout } = await runner.run(view, { command: "forEachRef", flags: [FORMAT], operands });
      for (const { name, oid } of linesOf(stdout).map(parseReference)) values.set(name, oid);
    }
    return names.map((name) => values.get(name) ?? zeroOid(view.objectFormat));
  };

  return facet;
}

async function* listReferences(
  runner: GitRunner,
  pool: CatFilePool,
  view: RepositoryView,
  { prefixes, peel }: { prefixes: readonly string[]; peel: boolean },
): AsyncGenerator<Reference[]> {
  const operands = patternsOf(prefixes);
  if (operands === undefined) return;
  const wanted =
    prefixes.length === 0 ? () => true : (name: RefName) => prefixes.some((prefix) => name.startsWith(prefix));
  let told = false;
  try {
    const flags = [peel ? FORMAT_PEELED : FORMAT];
    for await (const lines of lineRecords(runner.stream(view, { command: "forEachRef", flags, operands }))) {
      const references = lines.map(parseReference).filter(({ name }) => wanted(name));
      if (references.length === 0) continue;
      told = true;
      // A tag of a tag: git before 2.45 peels only once.
      const peeled: Reference[] = [];
      for (const reference of references) {
        peeled.push(reference.peeledType === "tag" ? await peelFully(pool, view, reference) : plain(reference));
      }
      yield peeled;
    }
  } catch (error) {
    // Git gives up when one object is missing; the others are still wanted.
    if (!peel || told || !/missing object|bad object|parse_object/.test(stderrOf(error) ?? "")) throw error;
    for await (const references of listReferences(runner, pool, view, { prefixes, peel: false })) {
      const peeled: Reference[] = [];
      for (const reference of references) peeled.push(await peelFully(pool, view, reference));
      yield peeled;
    }
  }
}

interface ParsedReference extends Reference {
  readonly peeledType?: ObjectType;
}

function plain({ peeledType: _, ...reference }: ParsedReference): Reference {
  return reference;
}

async function peelFully(pool: CatFilePool, view: RepositoryView, reference: ParsedReference): Promise<Reference> {
  return await pool.use(view, async (process) => {
    const info = await process.info(reference.oid);
    if (info === undefined) return plain(reference);
    if (info.type !== "tag") return { ...plain(reference), type: info.type };
    const peeled = await process.info(`${reference.oid}^{}`);
    return { ...plain(reference), type: info.type, ...(peeled === undefined ? {} : { peeledOid: peeled.oid }) };
  });
}

/**
 * Patterns of `for-each-ref` that match at least all names with these prefixes: it knows whole components only. Undefined when
 * no reference can match.
 */
function patternsOf(prefixes: readonly string[]): ByteString[] | undefined {
  if (prefixes.length === 0) return [];
  const patterns = new Set<ByteString>();
  for (const prefix of prefixes) {
    if ("refs/".startsWith(prefix)) return [];
    if (!prefix.startsWith("refs/")) continue;
    // A name cannot hold what a pattern treats specially, so such a prefix matches nothing.
    if (/[*?[\\\0\n]/.test(prefix)) continue;
    patterns.add(prefix.slice(0, prefix.lastIndexOf("/") + 1));
  }
  return patterns.size === 0 ? undefined : patterns.has("refs/") ? [] : [...patterns];
}

function linesOf(output: Buffer): ByteString[] {
  return output.toString("latin1").split("\n").slice(0, -1);
}

function parseReference(line: ByteString): ParsedReference {
  const [oid, symbolicTarget, name, type, peeledType, peeledOid] = line.split(" ");
  return {
    name: name!,
    oid: oid!,
    ...(symbolicTarget === "" ? {} : { symbolicTarget: symbolicTarget! }),
    ...(type ? { type: type as ObjectType } : {}),
    ...(peeledType ? { peeledType: peeledType as ObjectType, peeledOid: peeledOid! } : {}),
  };
}
