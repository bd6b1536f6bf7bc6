// The SSH door and clients that are slow, silent, many, or none.
import { afterEach, describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { connect, type Socket } from "node:net";
import type { Session } from "ssh2";
import { OperationError } from "../../../src/domain/errors.ts";
import type { Caller } from "../../../src/contract/principal.ts";
import { SshSessionServer } from "../../../src/transports/git/ssh/session.ts";
import { type Answer, listenForSsh, type SshListener } from "../../support/ssh-listener.ts";

const MIB = 2 ** 20;
const HALF_OPEN = 1_000;
const SLOW_MS = 30_000;
const COMMAND = "git-upload-pack '/alice/project'";

let listener: SshListener;
afterEach(async () => {
  await listener.close();
  expect(listener.bugs).toEqual([]);
});

/** Answers with what comes. */
const echo: Answer = (_caller, parts) => parts;

/** Answers once, and then not before the client has gone; says when it began and when it has ended. */
function untilGone(): { answer: Answer; began: Promise<Caller>; ended: Promise<unknown> } {
  const began = Promise.withResolvers<Caller>();
  const ended = Promise.withResolvers<unknown>();
  const answer: Answer = async function* (caller, _parts) {
    yield Buffer.from("begun\n");
    began.resolve(caller);
    await new Promise<void>((resolve) => caller.signal.addEventListener("abort", () => resolve()));
    ended.resolve(caller.signal.aborted);
    throw new OperationError("canceled", {});
  };
  return { answer, began: began.promise, ended: ended.promise };
}

function start(argv: readonly string[], stdin: "pipe" | "ignore" | Blob = "ignore") {
  return Bun.spawn([...argv], { stdin, stdout: "pipe", stderr: "pipe" });
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await new Promise<void>((resolve, reject) => void socket.once("connect", resolve).once("error", reject));
  return socket.on("error", () => undefined);
}

/** Resolves when the other side has closed; answers what it has said. */
async function heard(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (data: Buffer) => (text += data.toString("latin1")));
  await new Promise<void>((resolve) => void socket.once("close", () => resolve()));
  return text;
}

describe("what is sent", () => {
  test(
    "arrives whole in both directions, however the client reads",
    async () => {
      listener = await listenForSsh(echo);
      const bytes = new Uint8Array(24 * MIB);
      for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
      const clients = [0, 1, 2].map(() => start(listener.argv(COMMAND), new Blob([bytes])));
      for (const client of clients) {
        expect(Bun.hash(await new Response(client.stdout).arrayBuffer())).toBe(Bun.hash(bytes));
        expect(await client.exited).toBe(0);
      }
    },
    SLOW_MS,
  );

  test(
    "waits for a client that does not read",
    async () => {
      let given = 0;
      const enough = Promise.withResolvers<void>();
      listener = await listenForSsh(async function* (caller, parts) {
        if (caller.requestId !== "request-1") return yield* parts;
        for (; given < 64 * MIB; given += MIB / 4) {
          if (given === 2 * MIB) enough.resolve();
          yield Buffer.alloc(MIB / 4);
        }
      });
      const client = start(listener.argv(COMMAND));
      await enough.promise;
      client.kill("SIGSTOP");
      // Others get what they want meanwhile, many times what the stopped one could have been given.
      for (let others = 0; others < 4; others++) {
        const other = start(listener.argv(COMMAND), new Blob([new Uint8Array(16 * MIB)]));
        expect((await new Response(other.stdout).bytes()).length).toBe(16 * MIB);
      }
      // The client's window of 2 MiB and the sockets' buffers are full.
      expect(given).toBeLessThan(24 * MIB);
      client.kill("SIGCONT");
      const { length } = await new Response(client.stdout).bytes();
      expect(length).toBe(64 * MIB);
      expect(await client.exited).toBe(0);
    },
    SLOW_MS,
  );

  test("an exit status and both streams", async () => {
    listener = await listenForSsh(echo, {
      commands: {
        async run(argv, { stdout, stderr }) {
          await stdout(`${argv.join("|")}\n`);
          await stderr("and this\n");
          return 42;
        },
      },
    });
    const client = start(listener.argv("say 'two words'"));
    expect(await new Response(client.stdout).text()).toBe("say|two words\n");
    expect(await new Response(client.stderr).text()).toBe("and this\n");
    expect(await client.exited).toBe(42);
  });
});

describe("a client that goes away", () => {
  test.each(["SIGKILL", "SIGTERM"] as const)("by %s ends its operation at once", async (signal) => {
    const { answer, began, ended } = untilGone();
    listener = await listenForSsh(answer);
    const client = start(listener.argv(COMMAND));
    expect((await began).door).toBe("ssh");
    client.kill(signal);
    expect(await ended).toBe(true);
  });

  test("ends its operation also while that waits for input", async () => {
    const ended = Promise.withResolvers<unknown>();
    const began = Promise.withResolvers<void>();
    listener = await listenForSsh(async function* (_caller, parts) {
      yield Buffer.from("begun\n");
      began.resolve();
      try {
        for await (const part of parts) yield part;
      } catch (error) {
        ended.resolve(error);
        throw error;
      }
    });
    const client = start(listener.argv(COMMAND), "pipe");
    await began.promise;
    client.kill("SIGKILL");
    expect(await ended.promise).toMatchObject({ reason: "canceled" });
  });

  test("leaves the other sessions of its connection alone, when only a session ends", async () => {
    const { answer, began, ended } = untilGone();
    listener = await listenForSsh((caller, parts) =>
      caller.requestId === "request-1" ? answer(caller, parts) : parts,
    );
    const control = `/tmp/holdfast-control-${process.pid}`;
    const master = Bun.spawn([...options(listener.argv(), ["-fNM", "-S", control])], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    expect(await master.exited).toBe(0);
    const one = start([...options(listener.argv(), ["-S", control]), COMMAND]);
    await began;
    one.kill();
    expect(await ended).toBe(true);
    const two = start([...options(listener.argv(), ["-S", control]), COMMAND], new Blob(["hello"]));
    expect(await new Response(two.stdout).text()).toBe("hello");
    expect(await start([...options(listener.argv(), ["-S", control, "-O", "exit"])]).exited).toBe(0);
  });
});

/** Puts options in front of the address. */
const options = (argv: readonly string[], more: readonly string[]): string[] => [
  ...argv.slice(0, -1),
  ...more,
  ...argv.slice(-1),
];

describe("connections", () => {
  test(
    "that stay half-open keep nobody out",
    async () => {
      listener = await listenForSsh(echo);
      const sockets = await Promise.all(Array.from({ length: HALF_OPEN }, () => open(listener.port)));
      sockets.forEach((socket, n) => n % 2 === 0 && socket.write("SSH-2.0-slow\r\n"));
      const client = start(listener.argv(COMMAND), new Blob(["served"]));
      expect(await new Response(client.stdout).text()).toBe("served");
      for (const socket of sockets) socket.destroy();
    },
    SLOW_MS,
  );

  test("that do not authenticate in time end", async () => {
    listener = await listenForSsh(echo, { limits: { loginGraceMs: 100 } });
    expect(await heard(await open(listener.port))).toStartWith("SSH-2.0-Holdfast");
  });

  test("on which nothing happens end", async () => {
    listener = await listenForSsh(echo, { limits: { loginGraceMs: 50, idleTimeoutMs: 200 } });
    const client = start(listener.argv(COMMAND), "pipe");
    expect(await client.exited).toBe(255);
  });

  test("that speak something else end, and nothing else does", async () => {
    listener = await listenForSsh(echo);
    const ident = "SSH-2.0-x\r\n";
    const packets = ["GET / HTTP/1.1\r\n\r\n", "SSH-1.5-old\r\n", `${"x".repeat(100_000)}\r\n`];
    const lengths = [Buffer.alloc(4, 0xff), Buffer.from([0x7f, 0, 0, 0, 4]), Buffer.from([0, 0, 0, 1, 0, 0, 0, 0])];
    for (const bytes of [
      ...packets.map((text) => Buffer.from(text)),
      ...lengths.map((length) => Buffer.concat([Buffer.from(ident), length, Buffer.alloc(64)])),
    ]) {
      const socket = await open(listener.port);
      const closed = heard(socket);
      socket.end(bytes);
      expect(await closed).toStartWith("SSH-2.0-Holdfast");
    }
    const client = start(listener.argv(COMMAND), new Blob(["served"]));
    expect(await new Response(client.stdout).text()).toBe("served");
  });

  test("try a limited number of keys", async () => {
    listener = await listenForSsh(echo, { limits: { authenticationAttemptsMax: 1 } });
    expect(await start(listener.argv(COMMAND)).exited).toBe(255);
  });

  test("have a limited number of sessions", async () => {
    const { answer, began } = untilGone();
    listener = await listenForSsh(answer, { limits: { sessionsPerConnectionMax: 1 } });
    const control = `/tmp/holdfast-control-${process.pid}-limit`;
    const first = start([...options(listener.argv(), ["-M", "-S", control]), COMMAND]);
    await began;
    const second = start([...options(listener.argv(), ["-S", control, "-o", "ControlMaster=no"]), COMMAND]);
    // OpenSSH's client takes a connection of its own where the shared one has no room, and says why.
    const { value } = await second.stderr.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toContain("refused by peer");
    second.kill();
    first.kill();
    await Promise.all([first.exited, second.exited]);
  });

  test("that want packets of no size are dropped, before anything is written to them", async () => {
    listener = await listenForSsh(echo);
    const session = new EventEmitter();
    let dropped = 0;
    new SshSessionServer(session as unknown as Session, {} as never, { drop: () => dropped++ } as never);
    session.emit("exec", () => ({ outgoing: { packetSize: 0 } }), undefined, { command: COMMAND });
    expect(dropped).toBe(1);
  });
});

describe("close", () => {
  test("lets what runs come to its end, and takes no new connection", async () => {
    const goOn = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    listener = await listenForSsh(async function* () {
      yield Buffer.from("one ");
      began.resolve();
      await goOn.promise;
      yield Buffer.from("two");
    });
    const client = start(listener.argv(COMMAND));
    await began.promise;
    const closed = listener.close(SLOW_MS);
    expect(await start(listener.argv(COMMAND)).exited).toBe(255);
    goOn.resolve();
    expect(await new Response(client.stdout).text()).toBe("one two");
    expect(await client.exited).toBe(0);
    await closed;
  });

  test("runs out of patience with what goes on, and does not wait for who does nothing", async () => {
    const { answer, began, ended } = untilGone();
    listener = await listenForSsh(answer);
    const idle = await open(listener.port);
    const client = start(listener.argv(COMMAND));
    await began;
    await listener.close(50);
    expect(await ended).toBe(true);
    expect(await client.exited).toBe(255);
    idle.destroy();
  });
});
