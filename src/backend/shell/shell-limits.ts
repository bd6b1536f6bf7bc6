import { availableParallelism } from "node:os";

/** Bounds of the child processes and of what they may say. */
export interface ShellLimits {
  /** Bytes of output that one run may collect in memory; streams are not counted. */
  readonly outputBytesMax: number;
  /** Bytes of stderr that are kept; the rest is read and dropped. */
  readonly stderrBytesMax: number;
  /** Bytes of one object that may be read as a whole. */
  readonly objectBytesMax: number;
  /** Bytes of arguments of one run. */
  readonly argumentBytesMax: number;
  /** How long one run may take. */
  readonly runTimeoutMs: number;
  /** How long a maintenance run may take. */
  readonly maintenanceTimeoutMs: number;
  /** How long git may go on after it was asked to stop. */
  readonly killGraceMs: number;
  /** Child processes at once. */
  readonly childrenMax: number;
  /** Packs at once that clients send: who sends slowly keeps others from sending, but not from anything else. */
  readonly packsReceivedMax: number;
  /** Walks at once whose readers take their time: they keep others from such walks, but not from anything else. */
  readonly walksFollowedMax: number;
  /** Packs at once that are made into files, as fast as the processors can; the others wait. */
  readonly packsMadeMax: number;
  /** How long such a pack waits for its turn. */
  readonly packWaitMs: number;
  /** How long a run waits for a free place among the children. */
  readonly childWaitMs: number;
  /** Warm `cat-file` processes kept for later. */
  readonly catFileIdleMax: number;
  /** How long a warm `cat-file` process is kept without a request. */
  readonly catFileIdleMs: number;
}

export const SHELL_LIMITS: ShellLimits = {
  outputBytesMax: 64 * 1024 * 1024,
  stderrBytesMax: 64 * 1024,
  objectBytesMax: 512 * 1024 * 1024,
  argumentBytesMax: 1024 * 1024,
  runTimeoutMs: 10 * 60 * 1000,
  maintenanceTimeoutMs: 6 * 60 * 60 * 1000,
  killGraceMs: 5000,
  childrenMax: 256,
  packsReceivedMax: 128,
  walksFollowedMax: 64,
  packsMadeMax: Math.max(4, 2 * availableParallelism()),
  packWaitMs: 10 * 60 * 1000,
  childWaitMs: 30_000,
  catFileIdleMax: 32,
  catFileIdleMs: 10_000,
};
