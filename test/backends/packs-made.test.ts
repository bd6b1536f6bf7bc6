// How many packs are made into files at once, and who waits.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChildEvent } from "../../src/backend/shell/git-child.ts";
import { createShellBackend, type ShellBackend } from "../../src/backend/shell/shell-backend.ts";
import { failureOf } from "../support/failure-of.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const AT_ONCE = 2;
/** How long the programs in place of git may take to look whether they are held. */
const HELD_TIMEOUT_MS = 20_000;

const directory = mkdtempSync(join(tmpdir(), "holdfast-packs-made-"));
const hold = join(directory, "hold");
let repository: TemporaryRepository;
let tip: string;
let backend: ShellBackend;
const started: ChildEvent[] = [];
let told: (() => void) | undefined;
let files = 0;

beforeAll(async () => {
  repository = await TemporaryRepository.create();
  tip = await repository.commit({ files: { "a.txt": "one\n" } });
  const gitPath = join(directory, "git");
  // While the folder is there, packs take for ever; each leaves its mark in it.
  writeFileSync(gitPath, `#!/bin/sh\nmkdir '${hold}'/$$ 2>/dev/null && exec sleep 600\nexec git "$@"\n`);
  chmodSync(gitPath, 0o755);
  backend = createShellBackend({
    gitPath,
    limits: { packsMadeMax: AT_ONCE, killGraceMs: 100 },
    onChild: (event) => {
      if (event.kind !== "started") return;
      started.push(event);
      told?.();
    },
  });
});

afterAll(async () => {
  await backend.close();
  await repository[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** Resolves when so many packs have been begun, and those of them that are held know it. */
async function begun(count: number, held: number): Promise<void> {
  while (started.length < count) await new Promise<void>((resolve) => (told = resolve));
  const deadlineMs = Date.now() + HELD_TIMEOUT_MS;
  while (readdirSync(hold).length < held) {
    if (Date.now() > deadlineMs) throw new Error(`no ${held} packs are held`);
    await Bun.sleep(5);
  }
}

/** Asks for a pack; `made` is its bytes. */
function ask(): { abort: () => void; made: Promise<Buffer> } {
  const aborter = new AbortController();
  const path = join(directory, `${files++}.pack`);
  const make = async () => {
    const descriptor = openSync(path, "wx+");
    try {
      const view = { gitDir: repository.path, objectFormat: "sha1", signal: aborter.signal } as const;
      const request = { wants: [tip], haves: [], thin: false, ofsDelta: true, includeTag: false };
      for await (const _ of backend.pack.createInto(view, request, descriptor));
    } finally {
      closeSync(descriptor);
    }
    return readFileSync(path);
  };
  return { abort: () => aborter.abort(), made: make() };
}

describe("packs that are made into files", () => {
  test("wait for one another beyond their limit; who is canceled, running or waiting, makes room for the next", async () => {
    mkdirSync(hold);
    const running = Array.from({ length: AT_ONCE }, () => ask());
    const ends = running.map(({ made }) => failureOf(made));
    await begun(AT_ONCE, AT_ONCE);

    const impatient = ask();
    const next = ask();
    const impatience = failureOf(impatient.made);
    impatient.abort();
    expect(await impatience).toMatchObject({ reason: "canceled" });
    expect(started).toHaveLength(AT_ONCE);

    rmSync(hold, { recursive: true });
    running[0]!.abort();
    expect(await ends[0]).toMatchObject({ reason: "canceled" });
    await using target = await TemporaryRepository.create();
    await target.git(["index-pack", "--stdin", "--strict"], { input: await next.made });
    await target.git(["rev-list", "--objects", tip]);
    expect(started).toHaveLength(AT_ONCE + 1);

    // All places are free again, and no more than there were.
    running[1]!.abort();
    expect(await ends[1]).toMatchObject({ reason: "canceled" });
    mkdirSync(hold);
    const again = Array.from({ length: AT_ONCE + 1 }, () => ask());
    const last = again.map(({ made }) => failureOf(made));
    await begun(2 * AT_ONCE + 1, AT_ONCE);
    again.at(-1)!.abort();
    expect(await last.at(-1)).toMatchObject({ reason: "canceled" });
    expect(started).toHaveLength(2 * AT_ONCE + 1);
    for (const { abort } of again) abort();
    await Promise.all(last);
  });
});
