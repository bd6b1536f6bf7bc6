import type { OpenRepository } from "../../contract/context.ts";
import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { forgetCredential, MIRRORED_PREFIXES, type RemoteAccess, type RemoteListing } from "../../contract/remotes.ts";
import { type Oid, zeroOid } from "../../domain/oid.ts";
import type { RefChange, RefName } from "../../domain/reference.ts";
import { MirrorInput } from "./mirror-fields.ts";

/** Brings a mirror up to date, as its schedule does. */
export const syncMirror = defineOperation({
  name: "syncMirror",
  summary: "Bring a mirror up to date",
  kind: "write",
  shape: "call",
  access: "server-admin",
  target: "repository",
  input: MirrorInput,
  output: Type.Object({ changed: Type.Integer({ description: "References that have changed here" }) }),
  errors: [
    "repository_not_found",
    "mirror_not_found",
    "invalid_input",
    "target_not_allowed",
    "remote_unreachable",
    "remote_refused",
    "objects_invalid",
    "objects_missing",
    "pack_invalid",
    "too_large",
    "reference_mismatch",
    "reference_name_conflict",
  ],
  examples: [{ title: "By its name", input: { name: "origin" } }],
  async run({ repository: ref, name }, { mirrors, remotes, repository, signal }) {
    const mirror = await mirrors.find(ref, name);
    const source = await mirrors.sourceOf(mirror);
    try {
      const access = await remotes.open(source, signal);
      if (mirror.direction === "push") return { changed: await push(repository, access) };
      return { changed: await pull(repository, access, await remotes.list(access, signal), signal) };
    } finally {
      forgetCredential(source.credential);
    }
  },
});

async function push(repository: OpenRepository, access: RemoteAccess): Promise<number> {
  const refspecs = MIRRORED_PREFIXES.map((prefix) => `+${prefix}*:${prefix}*`);
  for await (const _ of repository.git.remote.push(repository.view, access, { refspecs, prune: true }));
  return 0;
}

/** Makes references what they are there. One that changes here meanwhile fails the whole, and the next run sees it. */
async function pull(
  repository: OpenRepository,
  access: RemoteAccess,
  { references }: RemoteListing,
  signal: AbortSignal,
): Promise<number> {
  // An emptied remote is more often a mistake than a wish, and this may be the last copy.
  if (references.length === 0) return 0;
  const here = await referencesOf(repository);
  const there = new Map(references.map(({ name, oid }) => [name, oid] as const));
  const zero = zeroOid(repository.objectFormat);
  const changes: RefChange[] = [];
  for (const [name, newOid] of there) {
    const expectedOid = here.get(name) ?? zero;
    if (newOid !== expectedOid) changes.push({ name, newOid, expectedOid });
  }
  const wanted = [...new Set(changes.map(({ newOid }) => newOid))];
  for (const [name, expectedOid] of here) if (!there.has(name)) changes.push({ name, newOid: zero, expectedOid });
  if (changes.length === 0) return 0;
  const quarantine = await repository.quarantine();
  const view = { ...quarantine.view, signal };
  for await (const _ of repository.git.remote.fetch(view, access, wanted));
  await repository.updateRefs({ changes, quarantine, hooks: "none" });
  return changes.length;
}

async function referencesOf({ git, view }: OpenRepository): Promise<Map<RefName, Oid>> {
  const found = new Map<RefName, Oid>();
  for await (const batch of git.refs.list(view, { prefixes: MIRRORED_PREFIXES, peel: false })) {
    for (const { name, oid, symbolicTarget } of batch) if (symbolicTarget === undefined) found.set(name, oid);
  }
  return found;
}
