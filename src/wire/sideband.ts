import { PACKET_BYTES_MAX, writePacketHeader } from "./pkt-line.ts";

/** 1: the data itself; 2: what the user sees while it comes; 3: why it ends (gitprotocol-pack(5)). */
export type Band = 1 | 2 | 3;

/** Length of the packet's length, and of the byte that names the band. */
const HEADER_BYTES = 5;

/** The most data in one packet for a client with `side-band-64k`, and for one that has only `side-band`. */
export const SIDEBAND_64K_DATA_MAX = PACKET_BYTES_MAX - HEADER_BYTES;
export const SIDEBAND_DATA_MAX = 1000 - HEADER_BYTES;

/** The free space that `sealSidebandPackets` wants before each packet's data. */
export const SIDEBAND_ROOM = { every: SIDEBAND_64K_DATA_MAX, bytes: HEADER_BYTES };

/** Writes the headers of packets into a buffer that has free space for them: so that no byte is copied. */
export function sealSidebandPackets(band: Band, buffer: Buffer): void {
  for (let at = 0; at < buffer.length; at += PACKET_BYTES_MAX) {
    writePacketHeader(buffer, at, Math.min(PACKET_BYTES_MAX, buffer.length - at));
    buffer[at + 4] = band;
  }
}

/**
 * The bytes as packets of one band, one behind the other in one buffer: each byte is copied once. Nothing becomes nothing, since an
 * empty packet of a band would be noise.
 */
export function sidebandPackets(band: Band, bytes: Uint8Array, maxPayload: number = SIDEBAND_64K_DATA_MAX): Buffer {
  const count = Math.ceil(bytes.length / maxPayload);
  const packets = Buffer.allocUnsafe(bytes.length + count * HEADER_BYTES);
  let at = 0;
  for (let from = 0; from < bytes.length; from += maxPayload) {
    const length = Math.min(maxPayload, bytes.length - from);
    writePacketHeader(packets, at, length + HEADER_BYTES);
    packets[at + 4] = band;
    packets.set(count === 1 ? bytes : bytes.subarray(from, from + length), at + HEADER_BYTES);
    at += length + HEADER_BYTES;
  }
  return packets;
}
