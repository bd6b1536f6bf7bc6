import type { Socket } from "node:net";
import { dlopen, FFIType, ptr } from "bun:ffi";

/** tcp(7), and netinet/tcp.h of Linux. */
const IPPROTO_TCP = 6;
const TCP_QUICKACK = 12;
const ON = new Int32Array([1]);

type SetOption = (fd: number) => void;

/** Names of Linux' C libraries, by how common they are. */
const C_LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

let loaded: SetOption | "none" | undefined;

/** setsockopt(2) for this one option; the runtime has no call for it. Elsewhere than on Linux there is no such option, and no need. */
function quickAcknowledge(): SetOption | "none" {
  if (loaded !== undefined) return loaded;
  if (process.platform !== "linux") return (loaded = "none");
  for (const library of C_LIBRARIES) {
    try {
      const { symbols } = dlopen(library, {
        setsockopt: {
          args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
          returns: FFIType.i32,
        },
      });
      return (loaded = (fd) => void symbols.setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, ptr(ON), ON.byteLength));
    } catch {
      // The next name may be the right one; without any the door is slower, and no less right.
    }
  }
  return (loaded = "none");
}

/**
 * Makes the kernel acknowledge at once what a client sends. Git's client writes a request in pieces and waits, with each, for the
 * acknowledgement of the one before (Nagle's algorithm), which the kernel otherwise delays by 40 ms to send it along with an answer. The
 * option does not stay (tcp(7)), so that it is set again whenever something has come.
 */
export function acknowledgeAtOnce(socket: Socket): void {
  const set = quickAcknowledge();
  if (set === "none") return;
  const arm = () => {
    const fd = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
    if (fd !== undefined && fd >= 0) set(fd);
  };
  arm();
  socket.on("data", arm);
}
