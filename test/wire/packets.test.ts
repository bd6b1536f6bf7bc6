import { describe, expect, test } from "bun:test";
import { hasReason } from "../../src/domain/errors.ts";
import { PacketText } from "../../src/wire/packet-text.ts";
import { encodePacket, errorPacket, type Packet, PacketReader, PAYLOAD_BYTES_MAX } from "../../src/wire/pkt-line.ts";
import { sidebandPackets, SIDEBAND_64K_DATA_MAX, SIDEBAND_DATA_MAX } from "../../src/wire/sideband.ts";
import { collect } from "../support/collect.ts";
import { failureOf } from "../support/failure-of.ts";
import { bodyOf } from "../support/wire-conversation.ts";

async function packetsOf(...parts: (string | Uint8Array)[]): Promise<Packet[]> {
  const reader = new PacketReader(bodyOf(...parts));
  const packets: Packet[] = [];
  for (let packet = await reader.next(); packet !== undefined; packet = await reader.next()) packets.push(packet);
  return packets;
}

describe("PacketReader", () => {
  test("reads packets however the bytes are cut", async () => {
    const bytes = Buffer.from("0006a\n00000007abc0001000200040005x", "latin1");
    const expected = await packetsOf(bytes);
    expect(expected.map(String)).toEqual(["a\n", "flush", "abc", "delim", "response-end", "", "x"]);
    for (let size = 1; size < bytes.length; size++) {
      const parts: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
      expect((await packetsOf(...parts)).map(String)).toEqual(expected.map(String));
    }
  });

  test("takes the longest packet", async () => {
    const payload = Buffer.alloc(PAYLOAD_BYTES_MAX, 7);
    expect(await packetsOf(encodePacket(payload))).toEqual([payload]);
  });

  for (const bytes of ["0", "000", "0005", "00zz", "0003", "fff1", "-001", "0x05", " 005", "\0\0\0\0"]) {
    test(`throws protocol_error for ${JSON.stringify(bytes)}`, async () => {
      expect(hasReason(await failureOf(packetsOf(bytes)), "protocol_error")).toBe(true);
    });
  }

  test("leaves what follows the last packet as bytes", async () => {
    const reader = new PacketReader(bodyOf("0000PA", "CK", "rest"));
    expect(await reader.next()).toBe("flush");
    expect(await reader.isAtEnd()).toBe(false);
    expect(Buffer.concat(await collect<Uint8Array>(reader.rest())).toString()).toBe("PACKrest");
    expect(await reader.isAtEnd()).toBe(true);
  });

  test("tells the source when it wants no more", async () => {
    let isClosed = false;
    async function* source() {
      try {
        yield Buffer.from("0000");
        yield Buffer.from("0000");
      } finally {
        isClosed = true;
      }
    }
    const reader = new PacketReader(source());
    await reader.next();
    await reader.close();
    expect(isClosed).toBe(true);
    expect(await reader.next()).toBeUndefined();
  });
});

describe("packets that are written", () => {
  test("have their length before them", () => {
    expect(encodePacket("hello\n").toString()).toBe("000ahello\n");
    expect(new PacketText().line("a").delim().line("b".repeat(2000)).flush().take().toString()).toBe(
      `0006a\n000107d5${"b".repeat(2000)}\n0000`,
    );
  });

  test("are refused when they are too long", () => {
    expect(() => encodePacket(Buffer.alloc(PAYLOAD_BYTES_MAX + 1))).toThrow(RangeError);
    expect(() => new PacketText().line("x".repeat(PAYLOAD_BYTES_MAX))).toThrow(RangeError);
    expect(errorPacket("x".repeat(100_000)).length).toBe(PAYLOAD_BYTES_MAX + 4);
  });
});

describe("sidebandPackets", () => {
  for (const size of [0, 1, 994, 995, 996, 65_514, 65_515, 65_516, 200_000]) {
    for (const most of [SIDEBAND_DATA_MAX, SIDEBAND_64K_DATA_MAX]) {
      test(`${size} bytes, at most ${most} in a packet`, async () => {
        const bytes = Buffer.alloc(size, "0123456789");
        const packets = (await packetsOf(sidebandPackets(2, bytes, most))) as Buffer[];
        expect(packets.every((packet) => packet[0] === 2 && packet.length > 1 && packet.length <= most + 1)).toBe(true);
        expect(Buffer.concat(packets.map((packet) => packet.subarray(1))).equals(bytes)).toBe(true);
      });
    }
  }
});
