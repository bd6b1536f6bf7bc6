import { dlopen, FFIType } from "bun:ffi";

const LOCK_EXCLUSIVE = 2;
const LOCK_NOW = 4;

/** Names of the C library, by how common they are. */
const C_LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libSystem.B.dylib"];

type Flock = (fd: number, operation: number) => number;

let loaded: Flock | undefined;

/** Finds flock(2). The runtime has no call of its own for it, and the addon need not be there. */
function flock(): Flock {
  if (loaded !== undefined) return loaded;
  const failures: unknown[] = [];
  for (const library of C_LIBRARIES) {
    try {
      const { symbols } = dlopen(library, { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } });
      return (loaded = symbols.flock);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, "flock(2) cannot be called: no C library found");
}

/** Locks an open file against other processes, without waiting; false when another holds the lock. It ends with the descriptor. */
export function tryLockFile(fd: number): boolean {
  return flock()(fd, LOCK_EXCLUSIVE | LOCK_NOW) === 0;
}
