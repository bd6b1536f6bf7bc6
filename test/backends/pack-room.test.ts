import { describe, expect, test } from "bun:test";
import { lengthWithRoom, placesOf, withRoom } from "../../src/backend/pack-room.ts";
import { sealSidebandPackets, SIDEBAND_ROOM, sidebandPackets } from "../../src/wire/sideband.ts";

describe("pack room", () => {
  for (const length of [0, 1, SIDEBAND_ROOM.every - 1, SIDEBAND_ROOM.every, SIDEBAND_ROOM.every + 1, 262_144]) {
    test(`a piece of ${length} bytes is sealed into the packets that a copy gives`, () => {
      const piece = Buffer.from(Array.from({ length }, (_, at) => at % 251));
      const sealed = withRoom(piece, SIDEBAND_ROOM);
      sealSidebandPackets(1, sealed);
      expect(sealed.equals(sidebandPackets(1, piece))).toBe(true);
      expect(sealed.length).toBe(lengthWithRoom(length, SIDEBAND_ROOM));
      expect(Buffer.concat(placesOf(sealed, SIDEBAND_ROOM)).equals(piece)).toBe(true);
    });
  }
});
