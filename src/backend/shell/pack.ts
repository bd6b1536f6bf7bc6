import { OperationError } from "../../domain/errors.ts";
import type { PackFacet } from "../backend.ts";
import type { GitRunner } from "./run-git.ts";

/** Packs, made and read by native git. */
export function createPack(_runner: GitRunner): PackFacet {
  const missing = () => {
    throw new OperationError("unimplemented", { what: "packs" });
  };
  return { create: missing, receive: missing, unconnected: missing, uploadArchive: missing };
}
