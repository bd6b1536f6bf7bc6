import type { ByteString } from "../../domain/bytes.ts";
import type { Oid } from "../../domain/oid.ts";
import type {
  ArchiveRequest,
  PackFacet,
  PackRequest,
  QuarantinedView,
  ReceiveOptions,
  RepositoryView,
} from "../backend.ts";
import { unconnected } from "./connectivity.ts";
import { createPack as create, createPackInto } from "./create-pack.ts";
import { receiveObjects } from "./receive-objects.ts";
import type { GitRunner } from "./run-git.ts";
import { archive } from "./archive.ts";
import { uploadArchive } from "./upload-archive.ts";

/** Packs, made and read by native git. */
export function createPack(runner: GitRunner): PackFacet {
  return {
    create: (view: RepositoryView, request: PackRequest) => create(runner, view, request),
    createInto: (view: RepositoryView, request: PackRequest, descriptor: number) =>
      createPackInto(runner, view, request, descriptor),
    receive: (view: QuarantinedView, pack: AsyncIterable<Uint8Array>, options: ReceiveOptions) =>
      receiveObjects(runner, view, pack, options),
    unconnected: (view: RepositoryView, tips: readonly Oid[], shallow: readonly Oid[] = []) =>
      unconnected(runner, view, tips, shallow),
    archive: (view: RepositoryView, treeish: Oid, request: ArchiveRequest) => archive(runner, view, treeish, request),
    uploadArchive: (view: RepositoryView, args: readonly ByteString[]) => uploadArchive(runner, view, args),
  };
}
