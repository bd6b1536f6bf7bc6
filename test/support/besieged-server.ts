import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { encodePacket, FLUSH } from "../../src/wire/pkt-line.ts";
import type { RunningServer } from "./running-server.ts";

const NO_OID = "0".repeat(40);
const CAPABILITIES = "report-status side-band-64k delete-refs object-format=sha1";

/** What a server holds. */
export interface Holdings {
  readonly childProcesses: number;
  /** Locks, quarantines, repositories that are being made, and what else is in the server's own folders. */
  readonly leftovers: readonly string[];
  readonly sockets: number;
}

/** A server from the point of view of those who attack it. */
export class BesiegedServer {
  readonly #server: RunningServer;

  constructor(server: RunningServer) {
    this.#server = server;
  }

  /** Resident memory, bytes. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#server.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
  }

  /** Runs something; answers by how many bytes the memory grew at most meanwhile. */
  async growthDuring(attack: () => Promise<unknown>): Promise<number> {
    const idle = this.residentBytes;
    let most = idle;
    const timer = setInterval(() => (most = Math.max(most, this.residentBytes)), 20);
    try {
      await attack();
    } finally {
      clearInterval(timer);
    }
    return Math.max(most, this.residentBytes) - idle;
  }

  get holdings(): Holdings {
    const { pid, storage } = this.#server;
    const own = join(storage, "+holdfast");
    const inside = ["quarantine", "tmp", "removed"].flatMap((folder) =>
      readdirSync(join(own, folder)).map((name) => `${folder}/${name}`),
    );
    const locks = (readdirSync(storage, { recursive: true }) as string[]).filter((name) => name.endsWith(".lock"));
    return { childProcesses: childrenOf(pid), leftovers: [...inside, ...locks].toSorted(), sockets: socketsOf(pid) };
  }

  /** Waits until the server holds no more than it did. Throws what it still holds after the given time. */
  async returnsTo(before: Holdings, withinMs = 10_000): Promise<void> {
    const until = performance.now() + withinMs;
    for (;;) {
      const now = this.holdings;
      const added = now.leftovers.filter((name) => !before.leftovers.includes(name));
      const children = now.childProcesses - before.childProcesses;
      if (added.length === 0 && children <= 0 && now.sockets <= before.sockets) return;
      if (performance.now() > until) throw new Error(`still there: ${JSON.stringify({ ...now, added })}`);
      await Bun.sleep(20);
    }
  }

  /** Sends a body to one of git's services; a connection of its own. */
  async post(service: string, repository: string, body: Uint8Array, headers: Record<string, string> = {}) {
    const response = await fetch(`${this.#server.addresses["http"]}/${repository}/git-${service}`, {
      method: "POST",
      body: new Uint8Array(body),
      keepalive: false,
      headers: { "content-type": `application/x-git-${service}-request`, ...headers },
    });
    return { status: response.status, text: Buffer.from(await response.arrayBuffer()).toString("latin1") };
  }

  /** Begins a push over HTTP of a body that is said to be so long, and sends what there is of it. */
  async beginPush(repository: string, length: number, beginning: Uint8Array): Promise<Socket> {
    const socket = await this.connect("http");
    const head = `POST /${repository}/git-receive-pack HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${length}\r\n`;
    socket.write(`${head}Content-Type: application/x-git-receive-pack-request\r\n\r\n`);
    socket.write(beginning);
    return socket;
  }

  /** A plain connection to a door. */
  async connect(door: "http" | "git" | "ssh" | "grpc"): Promise<Socket> {
    const { hostname, port } = new URL(this.#server.addresses[door]!.replace(/^(http:\/\/)?/, "http://"));
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve, reject) => void socket.once("connect", resolve).once("error", reject));
    socket.on("error", () => socket.destroy());
    return socket;
  }
}

/** The commands of a push as packets, flush included: `[OLD, NEW, NAME]` each, undefined for no object. */
export function pushCommands(commands: readonly (readonly [string | undefined, string | undefined, string])[]): Buffer {
  const packets = commands.map(([old = NO_OID, to = NO_OID, name], at) =>
    encodePacket(at === 0 ? `${old} ${to} ${name}\0 ${CAPABILITIES}` : `${old} ${to} ${name}`),
  );
  return Buffer.concat([...packets, FLUSH]);
}

function childrenOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim())
    .reduce((sum, line) => sum + (line === "" ? 0 : line.split(" ").length), 0);
}

function socketsOf(pid: number): number {
  const descriptors = readdirSync(`/proc/${pid}/fd`);
  return descriptors.filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}
