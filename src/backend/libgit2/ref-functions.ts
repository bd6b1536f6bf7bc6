import type { ByteString } from "../../domain/bytes.ts";
import type { Oid } from "../../domain/oid.ts";
import type { RefName } from "../../domain/reference.ts";

/** A resolved reference: its id or nothing, a line feed, the name at the end of a symbolic reference's chain or nothing. */
export type ResolvedText = ByteString;

/** A listing that stands between two batches. */
export type RefListing = object & { readonly __refListing: never };

/**
 * References one after the other: in the text id, peeled id, name, symbolic target; for each two u32: the name's length | 65536
 * when there is a peeled id, the target's length. The listing is null at the end.
 */
export type PackedRefs = [text: ByteString, numbers: Buffer, listing: RefListing | null];

/** Locks that are held until the transaction is committed or aborted, or forgotten. */
export type RefTransaction = object & { readonly __refTransaction: never };

/** Why nothing was changed, packed as native/ref_transaction_binding.c says. */
export type PackedRefusal = Buffer;

/** The reference store, as the addon offers it (native/refs.h, native/ref_transaction.h). */
export interface RefFunctions {
  headSync(gitDir: string): ResolvedText | undefined | null;
  head(gitDir: string): Promise<ResolvedText | undefined>;
  refReadSync(gitDir: string, name: RefName): ResolvedText | undefined | null;
  refRead(gitDir: string, name: RefName): Promise<ResolvedText | undefined>;
  /** Prefixes are packed as u32 length and bytes. */
  refsList(gitDir: string, prefixes: Uint8Array, peel: boolean, max: number): Promise<PackedRefs>;
  /** 16 bytes; null from the first when there are too many loose references for this thread. */
  refsStampSync(gitDir: string): ByteString | undefined | null;
  refsStamp(gitDir: string): Promise<ByteString | undefined>;
  refsListNext(listing: RefListing, max: number): Promise<PackedRefs>;
  /** Changes are packed as u32 length and bytes of the name, new id, u8 "a value is expected", expected id. */
  refsPrepare(
    gitDir: string,
    changes: Uint8Array,
    deref: boolean,
    lockTimeoutMs: number,
    packedLockTimeoutMs: number,
  ): Promise<[RefTransaction, oldOids: Oid] | PackedRefusal>;
  refsCommit(transaction: RefTransaction): Promise<void>;
  refsAbort(transaction: RefTransaction): Promise<void>;
  refsSetHead(gitDir: string, target: RefName): Promise<PackedRefusal | undefined>;
}
