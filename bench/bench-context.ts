import type { Target } from "./calls.ts";
import type { LoadClient } from "./load-client.ts";

/** A repository that the bench uses: where it lies, for git, and how requests name it. */
export interface BenchRepository {
  readonly gitDir: string;
  readonly target: Target;
}

/** How much is measured. */
export interface BenchSize {
  readonly pointReads: number;
  /** Rounds of rows whose reference is a process. */
  readonly processRounds: number;
  readonly writeRounds: number;
  readonly commitsPerWriter: number;
}

export const FULL: BenchSize = { pointReads: 20_000, processRounds: 40, writeRounds: 150, commitsPerWriter: 40 };
export const QUICK: BenchSize = { pointReads: 2_000, processRounds: 10, writeRounds: 30, commitsPerWriter: 10 };

/** What the rows measure with. */
export interface BenchContext {
  readonly size: BenchSize;
  /** Clients with one, four and eight connections. */
  readonly one: LoadClient;
  readonly four: LoadClient;
  readonly eight: LoadClient;
  /** The repository of the figures; nobody writes to it. */
  readonly main: BenchRepository;
  /** 10,000 references. */
  readonly manyRefs: BenchRepository;
  /** Copies to write to: one for the server, one for git, eight for as many writers. */
  readonly writable: BenchRepository;
  readonly reference: BenchRepository;
  readonly manyWritable: readonly BenchRepository[];
}
