import type { OpenRepository } from "../../contract/context.ts";
import { OID_HEX_LENGTH, type ObjectFormat, type Oid } from "../../domain/oid.ts";
import type { RefName } from "../../domain/reference.ts";
import { addHeadLine, addReferenceLines, type LsRefsRequest } from "../../wire/ls-refs.ts";
import { PacketText } from "../../wire/packet-text.ts";
import { ReferenceAdvertisement } from "../../wire/upload-pack-advertisement.ts";
import { allowancesOf } from "../../wire/upload-pack-options.ts";
import { keptPackets } from "./packet-cache.ts";
import type { UploadPackSession } from "./upload-pack-session.ts";

/** References that are not worth a piece of their own. */
const SMALL_BATCH = 500;

/**
 * Reads HEAD and all references that are not hidden, in one state of the repository, as the packets that a version 0 client is shown
 * first. They are sent when the lock is given back.
 */
export function readAdvertisement(
  { repository, identity, mode, options }: UploadPackSession,
  version: 0 | 1,
): Promise<readonly Buffer[]> {
  const { git, view, objectFormat } = repository;
  const allowances = allowancesOf(options);
  const noDone = mode === "advertise";
  return repository.consistently(async () => {
    const text = new PacketText();
    if (version === 1) text.line("version 1");
    const head = await git.refs.head(view);
    const advertisement = new ReferenceAdvertisement(text, { identity, head, noDone, allowances });
    const list = async () => {
      const pieces: Buffer[] = [];
      for await (const batch of git.refs.list(view, { prefixes: [], peel: true })) {
        advertisement.add(batch, options.isHidden);
        pieces.push(text.take());
      }
      return pieces;
    };
    // The first line differs each time; what follows can be kept.
    const pieces = [text.take()];
    if (advertisement.hasToldCapabilities)
      pieces.push(...(await keptPackets(repository, `advertisement\0${options.hides}`, list)));
    else pieces.push(...(await list()));
    advertisement.end(objectFormat, await git.history.shallow(view));
    pieces.push(text.take());
    return pieces;
  });
}

/** The objects that an advertisement, given in pieces, has shown. */
export function tipsShown(pieces: readonly Buffer[], format: ObjectFormat): ReadonlySet<Oid> {
  return new Set(pieces.flatMap((piece) => oidsOf(piece, OID_HEX_LENGTH[format])));
}

/** The objects that an advertisement would show now. */
export function readTips({ repository, options }: UploadPackSession): Promise<ReadonlySet<Oid>> {
  const { git, view } = repository;
  return repository.consistently(async () => {
    const { oid } = await git.refs.head(view);
    const tips = new Set<Oid>(oid === undefined ? [] : [oid]);
    for await (const batch of git.refs.list(view, { prefixes: [], peel: false })) {
      for (const { name, oid: tip } of batch) if (options.allowsTips || !options.isHidden(name)) tips.add(tip);
    }
    return tips;
  });
}

/** No name has one; the line of a peeled tag ends in `^{}` and a line feed. */
const CARET = 0x5e;

/** The ids at the beginning of packets of lines, without those of peeled tags, which nobody is to ask for. */
function oidsOf(packets: Buffer, oidLength: number): Oid[] {
  const oids: Oid[] = [];
  for (let at = 0; at < packets.length;) {
    const length = Number.parseInt(packets.toString("latin1", at, at + 4), 16);
    const isReference = length > oidLength + 4 && packets[at + 4 + oidLength] === 0x20;
    const isPeeled = packets[at + length - 4] === CARET;
    if (isReference && !isPeeled) oids.push(packets.toString("latin1", at + 4, at + 4 + oidLength));
    at += Math.max(length, 4);
  }
  return oids;
}

/** The answer to `ls-refs`: HEAD and references in one state of the repository, as packets. */
export function readReferences(
  { repository, options }: UploadPackSession,
  request: LsRefsRequest,
): Promise<readonly Buffer[]> {
  const { prefixes, peel, symrefs, unborn } = request;
  const list = () => listReferences(repository, request, options.isHidden);
  const isAboutAll = prefixes.length === 0 || prefixes.some((prefix) => "refs/heads/".startsWith(prefix));
  const question = JSON.stringify([peel, symrefs, unborn, options.hides, prefixes]);
  return repository.consistently(() => keptPackets(repository, question, list, !isAboutAll));
}

async function listReferences(
  { git, view }: OpenRepository,
  request: LsRefsRequest,
  isHidden: (name: RefName) => boolean,
): Promise<readonly Buffer[]> {
  const text = new PacketText();
  addHeadLine(text, await git.refs.head(view), request);
  const pieces: Buffer[] = [];
  for await (const batch of git.refs.list(view, { prefixes: request.prefixes, peel: request.peel })) {
    addReferenceLines(text, batch, request, isHidden);
    if (batch.length > SMALL_BATCH) pieces.push(text.take());
  }
  pieces.push(text.flush().take());
  return pieces;
}
