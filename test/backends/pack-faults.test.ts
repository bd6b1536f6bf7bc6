import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { createShellBackend, type ShellBackend } from "../../src/backend/shell/shell-backend.ts";
import { failureOf } from "../support/failure-of.ts";
import { type FaultyObject, FAULTY_OBJECTS, HARMLESS_OBJECTS, LEGACY_OBJECTS } from "../support/faulty-objects.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

/** More than are unpacked one by one. */
const MANY = 40;

let backend: ShellBackend;
let target: TemporaryRepository;

beforeAll(async () => {
  backend = createShellBackend();
  target = await TemporaryRepository.create();
});

afterAll(async () => {
  await backend.close();
  await target[Symbol.asyncDispose]();
});

/** Sends the object to an empty repository. */
async function receive(fault: FaultyObject, size: "small" | "large", refuseLegacyFaults = false): Promise<void> {
  await using source = await TemporaryRepository.create();
  const oids = await fault.write(source);
  for (let at = 0; size === "large" && at < MANY; at++) oids.push(await source.writeObject("blob", `${at}`));
  const pack = await source.git(["pack-objects", "--stdout", "-q"], { input: `${oids.join("\n")}\n` });
  const view = {
    gitDir: target.path,
    objectFormat: "sha1",
    quarantineDir: `${target.path}/quarantine-${randomUUID()}`,
  } as const;
  try {
    await backend.pack.receive(view, pieces(pack), { bytesMax: 1_000_000_000, refuseLegacyFaults });
  } finally {
    await backend.quarantine.discard(view);
  }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function isRefusedByFsck(fault: FaultyObject): Promise<boolean> {
  await using source = await TemporaryRepository.create();
  await fault.write(source);
  return await source.git(["fsck", "--strict"]).then(
    () => false,
    () => true,
  );
}

describe("objects that fsck --strict refuses", () => {
  for (const fault of FAULTY_OBJECTS) {
    test(
      fault.id,
      async () => {
        expect(await isRefusedByFsck(fault)).toBe(true);
        for (const size of ["small", "large"] as const) {
          const error = await failureOf(receive(fault, size));
          expect(error).toMatchObject({ reason: "objects_invalid" });
          const { problems } = (error as { details: { problems: string[] } }).details;
          expect(problems.length).toBeGreaterThan(0);
        }
        // One of the objects has more than 100 MB.
      },
      60_000,
    );
  }
});

describe("objects of old tools", () => {
  for (const fault of LEGACY_OBJECTS) {
    test(`${fault.id} passes, unless it shall not`, async () => {
      expect(await isRefusedByFsck(fault)).toBe(true);
      for (const size of ["small", "large"] as const) {
        await receive(fault, size);
        expect(await failureOf(receive(fault, size, true))).toMatchObject({ reason: "objects_invalid" });
      }
    });
  }
});

describe("objects that fsck --strict only mentions", () => {
  for (const fault of HARMLESS_OBJECTS) {
    test(`${fault.id} passes`, async () => {
      expect(await isRefusedByFsck(fault)).toBe(false);
      for (const size of ["small", "large"] as const) await receive(fault, size, true);
    });
  }
});
