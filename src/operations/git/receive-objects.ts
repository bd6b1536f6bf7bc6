import type { Context, OpenRepository, Quarantine } from "../../contract/context.ts";
import { isZeroOid, type Oid } from "../../domain/oid.ts";
import type { PushRequest } from "../../wire/push-request.ts";
import { MISSING_OBJECTS, SHALLOW_UPDATE } from "./push-refusals.ts";
import type { PushVerdicts } from "./push-verdicts.ts";

/** Takes the pack of a push into a quarantine. Throws what `PackFacet.receive` throws. */
export async function receiveObjects(
  { git }: OpenRepository,
  { view }: Quarantine,
  request: PushRequest,
  pack: AsyncIterable<Uint8Array>,
  options: Pick<Context, "limits" | "pushes"> & { readonly onProgress?: (line: Uint8Array) => void },
): Promise<void> {
  const { shallow } = request;
  await git.pack.receive(view, pack, {
    bytesMax: options.limits.pushBytesMax,
    refuseLegacyFaults: options.pushes.refuseLegacyFaults,
    ...(shallow.length === 0 ? {} : { shallow }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
}

/**
 * Refuses commands whose new values lack something of what they reach, also where the client sent no pack. History that ends where the
 * client's ends is refused as well: it would make the repository shallow (git-config(1), `receive.shallowUpdate`).
 */
export async function refuseUnconnected(
  verdicts: PushVerdicts,
  { git }: OpenRepository,
  { view }: Quarantine,
  { shallow }: PushRequest,
): Promise<void> {
  const tips = [...new Set(verdicts.left.map(({ newOid }) => newOid).filter((oid) => !isZeroOid(oid)))];
  const absent = new Set<Oid>();
  // One behind the other: side by side, each would ask for a process of its own where objects are read by native git.
  for (const oid of tips) if ((await git.objects.info(view, oid)) === undefined) absent.add(oid);
  const present = tips.filter((oid) => !absent.has(oid));
  const near = verdicts.left.map(({ name }) => name);
  const unconnected = present.length === 0 ? [] : await git.pack.unconnected(view, present, [], near);
  const lacking = new Set<Oid>(unconnected);
  // With the client's own ends of history taken for ends, is all there?
  const still =
    lacking.size > 0 && shallow.length > 0 ? await git.pack.unconnected(view, unconnected, shallow) : unconnected;
  const broken = new Set<Oid>([...absent, ...still]);
  for (const command of verdicts.left) {
    if (broken.has(command.newOid)) verdicts.refuse(command, { problem: MISSING_OBJECTS });
    else if (lacking.has(command.newOid)) verdicts.refuse(command, { problem: SHALLOW_UPDATE });
  }
}
