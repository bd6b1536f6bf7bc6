import type { OpenRepository } from "../../contract/context.ts";
import { isHiddenFromFetches } from "../../domain/hidden-refs.ts";
import type { Oid } from "../../domain/oid.ts";
import { addHeadLine, addReferenceLines, type LsRefsRequest } from "../../wire/ls-refs.ts";
import { PacketText } from "../../wire/packet-text.ts";
import { ReferenceAdvertisement, type ServerIdentity } from "../../wire/upload-pack-advertisement.ts";

/** What a version 0 client is shown first, and the objects that it may therefore want. */
export interface Advertisement {
  readonly pieces: readonly Buffer[];
  readonly tips: ReadonlySet<Oid>;
}

/**
 * Reads HEAD and all references that are not hidden, in one state of the repository, and puts them into packets. The packets are
 * sent when the lock is given back.
 */
export function readAdvertisement(
  repository: OpenRepository,
  identity: ServerIdentity,
  options: { version: 0 | 1; noDone: boolean },
): Promise<Advertisement> {
  const { git, view, objectFormat } = repository;
  return repository.consistently(async () => {
    const text = new PacketText();
    if (options.version === 1) text.line("version 1");
    const head = await git.refs.head(view);
    const advertisement = new ReferenceAdvertisement(text, { identity, head, noDone: options.noDone });
    const pieces: Buffer[] = [];
    const tips = new Set<Oid>(head.oid === undefined ? [] : [head.oid]);
    for await (const batch of git.refs.list(view, { prefixes: [], peel: true })) {
      advertisement.add(batch, isHiddenFromFetches);
      for (const { name, oid } of batch) if (!isHiddenFromFetches(name)) tips.add(oid);
      pieces.push(text.take());
    }
    advertisement.end(objectFormat, await git.history.shallow(view));
    pieces.push(text.take());
    return { pieces, tips };
  });
}

/** The objects that a version 0 client may want. */
export function readTips(repository: OpenRepository): Promise<ReadonlySet<Oid>> {
  const { git, view } = repository;
  return repository.consistently(async () => {
    const { oid } = await git.refs.head(view);
    const tips = new Set<Oid>(oid === undefined ? [] : [oid]);
    for await (const batch of git.refs.list(view, { prefixes: [], peel: false })) {
      for (const reference of batch) if (!isHiddenFromFetches(reference.name)) tips.add(reference.oid);
    }
    return tips;
  });
}

/** The answer to `ls-refs`: HEAD and references in one state of the repository, as packets. */
export function readReferences(repository: OpenRepository, request: LsRefsRequest): Promise<readonly Buffer[]> {
  const { git, view } = repository;
  return repository.consistently(async () => {
    const text = new PacketText();
    addHeadLine(text, await git.refs.head(view), request);
    const pieces: Buffer[] = [];
    for await (const batch of git.refs.list(view, { prefixes: request.prefixes, peel: request.peel })) {
      addReferenceLines(text, batch, request, isHiddenFromFetches);
      if (batch.length > SMALL_BATCH) pieces.push(text.take());
    }
    pieces.push(text.flush().take());
    return pieces;
  });
}

/** References that are not worth a piece of their own. */
const SMALL_BATCH = 500;
