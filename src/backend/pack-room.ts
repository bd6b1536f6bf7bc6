import type { PackRoom } from "./backend.ts";

/** The length of a piece with its free space. */
export function lengthWithRoom(length: number, { every, bytes }: PackRoom): number {
  return length + Math.ceil(length / every) * bytes;
}

/** Copies a piece so that there is free space in it. */
export function withRoom(piece: Uint8Array, room: PackRoom): Buffer {
  const spread = Buffer.allocUnsafeSlow(lengthWithRoom(piece.length, room));
  placesOf(spread, room).forEach((place, at) => {
    place.set(piece.subarray(at * room.every, at * room.every + place.length));
  });
  return spread;
}

/** The parts of a buffer that are not free space. */
export function placesOf(buffer: Buffer, { every, bytes }: PackRoom): Buffer[] {
  const places: Buffer[] = [];
  for (let at = 0; at < buffer.length; at += bytes + every)
    places.push(buffer.subarray(at + bytes, at + bytes + every));
  return places;
}
