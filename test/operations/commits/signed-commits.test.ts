// Commits are signed with a key of the server's, and real git verifies them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey } from "openpgp";
import type { Signing } from "../../../src/contract/signing.ts";
import type { RepositoryRef } from "../../../src/contract/repository-ref.ts";
import type { ObjectFormat } from "../../../src/domain/oid.ts";
import { amendCommit } from "../../../src/operations/commits/amend-commit.ts";
import { commitFiles } from "../../../src/operations/commits/commit-files.ts";
import { createCommit } from "../../../src/operations/commits/create-commit.ts";
import { showCommit } from "../../../src/operations/commits/show-commit.ts";
import { putFile } from "../../../src/operations/files/put-file.ts";
import { mergeRevision } from "../../../src/operations/merges/merge-revision.ts";
import { pickCommit } from "../../../src/operations/merges/pick-commit.ts";
import { rebaseBranch } from "../../../src/operations/merges/rebase-branch.ts";
import { revertCommit } from "../../../src/operations/merges/revert-commit.ts";
import { revert } from "../../../src/operations/merges/revert.ts";
import { commitSession } from "../../../src/operations/sessions/commit-session.ts";
import { openSession } from "../../../src/operations/sessions/open-session.ts";
import { writeSessionFile } from "../../../src/operations/sessions/write-session-file.ts";
import { showSigningKey } from "../../../src/operations/server/show-signing-key.ts";
import { failureOf } from "../../support/failure-of.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { openTestEngine, type TestEngine } from "../../support/test-engine.ts";

type Kind = "ed25519" | "ecdsa" | "rsa" | "openpgp";

const text = (words: string) => Buffer.from(words);

/** What an administrator has beside the server: key files, and git that trusts them. */
class Keyring {
  readonly directory = mkdtempSync(join(tmpdir(), "holdfast-signing-"));
  #made = 0;

  /** Makes a private key and tells its file. */
  async make(kind: Kind, passphrase = ""): Promise<string> {
    const file = join(this.directory, `key-${++this.#made}`);
    if (kind === "openpgp") {
      const { privateKey } = await generateKey({
        userIDs: [{ name: "Server", email: "server@example.com" }],
        ...(passphrase !== "" && { passphrase }),
      });
      writeFileSync(file, privateKey, { mode: 0o600 });
    } else execFileSync("ssh-keygen", ["-q", "-t", kind, "-N", passphrase, "-C", "server", "-f", file]);
    return file;
  }

  /** Runs `git verify-commit`; the server's key is the only one that is trusted. */
  verify(gitDir: string, oid: string, { kind, publicKey }: NonNullable<Signing["key"]>) {
    const home = join(this.directory, "gnupg");
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const env = { PATH: process.env["PATH"], HOME: this.directory, GNUPGHOME: home, LC_ALL: "C" };
    const signers = join(this.directory, "allowed-signers");
    if (kind === "ssh") writeFileSync(signers, `* ${publicKey}\n`);
    else execFileSync("gpg", ["--batch", "--quiet", "--import"], { env, input: publicKey, stdio: "pipe" });
    const trust = ["-c", `gpg.ssh.allowedSignersFile=${signers}`];
    return spawnSync("git", ["-C", gitDir, ...trust, "verify-commit", "--raw", oid], { env, encoding: "utf8" });
  }

  remove() {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const keyring = new Keyring();
afterAll(() => keyring.remove());

/** An engine that signs, and a repository with a commit on `main`. */
async function signing(settings: Parameters<typeof openTestEngine>[0], format: ObjectFormat = "sha1") {
  const story = await openTestEngine(settings);
  const repository = await story.createRepository("signed", format);
  return { story, repository };
}

const put = (story: TestEngine, repository: RepositoryRef, path: string, more: object = {}) =>
  story.engine.run(putFile, { repository, path, content: text(path), message: text(path), ...more }, story.caller);

const show = (story: TestEngine, repository: RepositoryRef, rev: string) =>
  story.engine.run(showCommit, { repository, rev }, story.caller);

/** The commit with its signature, but with another message. */
async function forge(story: TestEngine, repository: RepositoryRef, commit: string): Promise<string> {
  const git = TemporaryRepository.at(story.pathOf(repository));
  const content = await git.text(["cat-file", "commit", commit]);
  const forged = content.replace(/$/, " and more\n");
  return git.text(["hash-object", "-t", "commit", "-w", "--stdin"], { input: forged });
}

describe("commits", () => {
  // Without gpg there is nobody to ask about OpenPGP but the library that signed.
  const kinds: Kind[] = ["ed25519", "ecdsa", "rsa", ...(Bun.which("gpg") === null ? [] : (["openpgp"] as const))];
  for (const [index, kind] of kinds.entries()) {
    for (const format of ["sha1", "sha256"] as const) {
      const backend = format === "sha256" || index % 2 === 0 ? "shell" : "libgit2";
      test(`of ${format} are signed with ${kind}, and git verifies them (${backend})`, async () => {
        const signingKey = await keyring.make(kind);
        const { story, repository } = await signing({ backend, signingKey }, format);
        try {
          const key = await story.engine.run(showSigningKey, {}, story.caller);
          const { commit } = await put(story, repository, "a", { sign: true });
          const verified = keyring.verify(story.pathOf(repository), commit, key);
          expect([verified.status, verified.stderr]).toEqual([
            0,
            expect.stringMatching(/Good "git" signature|GOODSIG/),
          ]);
          const { signature } = await show(story, repository, commit);
          expect(signature).toMatchObject({
            kind: kind === "openpgp" ? "pgp" : "ssh",
            state: "good",
            signer: "server",
          });
          const forged = await forge(story, repository, commit);
          expect((await show(story, repository, forged)).signature).toMatchObject({ state: "bad" });
          const plain = await put(story, repository, "b");
          expect((await show(story, repository, plain.commit)).signature).toEqual({ kind: "none", state: "none" });
        } finally {
          await story.close();
        }
      });
    }
  }
});

for (const backend of ["libgit2", "shell"] as const) {
  describe(`the server's key (${backend})`, () => {
    let story: TestEngine;
    let repository: RepositoryRef;

    beforeAll(async () => {
      ({ story, repository } = await signing({ backend, signingKey: await keyring.make("ed25519") }));
    });
    afterAll(() => story.close());

    test("signs whatever makes a commit, where it is asked for", async () => {
      const { engine, caller } = story;
      const key = await engine.run(showSigningKey, {}, caller);
      const base = await put(story, repository, "base");
      const side = await put(story, repository, "side", { branch: "side", from: "main" });
      const late = await put(story, repository, "late", { branch: "late", from: "main" });
      await put(story, repository, "more");
      const sign = true;
      const on = { repository, branch: "main", sign };
      const actions = [{ action: "create" as const, path: "c", content: text("c") }];
      const made = [
        await engine.run(createCommit, { ...on, message: text("c"), actions }, caller),
        await engine.run(mergeRevision, { ...on, rev: "side" }, caller),
        await engine.run(pickCommit, { ...on, sha: late.commit }, caller),
        await engine.run(revertCommit, { ...on, sha: side.commit }, caller),
        await engine.run(amendCommit, { ...on, message: text("better\n") }, caller),
        await engine.run(rebaseBranch, { repository, branch: "side", onto: "main", sign }, caller),
      ];
      // What is already in main leaves nothing of the rebased branch.
      const commits = [...new Set(made.map(({ commit }) => commit))];
      expect(commits).toHaveLength(5);
      for (const commit of commits) expect(keyring.verify(story.pathOf(repository), commit, key).status).toBe(0);
      expect((await show(story, repository, base.commit)).signature.state).toBe("none");
      const rebased = await engine.run(
        rebaseBranch,
        {
          repository,
          branch: "late",
          onto: base.commit,
          steps: [{ action: "reword", commit: late.commit, message: text("again\n") }],
          sign,
        },
        caller,
      );
      expect(keyring.verify(story.pathOf(repository), rebased.commit, key).status).toBe(0);
    });

    test("signs what is committed in a session", async () => {
      const { engine, caller } = story;
      const key = await engine.run(showSigningKey, {}, caller);
      await put(story, repository, "before the session");
      const { id } = await engine.run(openSession, { repository }, caller);
      const file = { repository, session: id, path: "in-session", content: text("x") };
      await engine.run(writeSessionFile, file, caller);
      const { commit } = await engine.run(
        commitSession,
        { repository, session: id, message: text("In a session"), all: true, sign: true },
        caller,
      );
      expect(keyring.verify(story.pathOf(repository), commit, key).status).toBe(0);
    });

    test("is believed for what it has signed alone", async () => {
      const { commit } = await put(story, repository, "believed", { sign: true });
      const forged = await forge(story, repository, commit);
      expect((await show(story, repository, forged)).signature).toMatchObject({ kind: "ssh", state: "bad" });
    });

    test("of an account is good for its own address, and nobody's key for none", async () => {
      const { identity } = story;
      await identity.users.create({ name: "alice", isAdmin: false, email: "Alice@example.com" });
      const file = await keyring.make("ecdsa");
      const commitAs = (email: string) => {
        const flags = [
          "-c",
          "gpg.format=ssh",
          "-c",
          `user.signingKey=${file}`,
          "-c",
          "user.name=A",
          "-c",
          `user.email=${email}`,
        ];
        return execFileSync(
          "git",
          ["-C", story.pathOf(repository), ...flags, "commit-tree", "-S", "-m", "own", "main^{tree}"],
          { encoding: "utf8" },
        ).trim();
      };
      const own = commitAs("alice@example.com");
      expect((await show(story, repository, own)).signature).toMatchObject({ state: "unknown_key" });
      await identity.keys.add("alice", await Bun.file(`${file}.pub`).text());
      expect((await show(story, repository, own)).signature).toMatchObject({ state: "good", signer: "alice" });
      expect((await show(story, repository, commitAs("bob@example.com"))).signature).toMatchObject({
        state: "unknown_key",
      });
    });
  });
}

describe("showSigningKey", () => {
  test("says so where there is none, and so does whoever asks for a signature", async () => {
    const { story, repository } = await signing({ backend: "shell" });
    try {
      const missing = { reason: "signing_key_missing" };
      expect(await failureOf(story.engine.run(showSigningKey, {}, story.caller))).toMatchObject(missing);
      expect(await failureOf(put(story, repository, "a", { sign: true }))).toMatchObject(missing);
    } finally {
      await story.close();
    }
  });

  test("tells that all commits are signed", async () => {
    const signingKey = await keyring.make("ed25519");
    const { story, repository } = await signing({ backend: "libgit2", signingKey, signCommits: "all" });
    try {
      const key = await story.engine.run(showSigningKey, {}, story.caller);
      expect(key).toMatchObject({ kind: "ssh", signsAll: true });
      const { commit } = await put(story, repository, "a");
      // What the Gitaly protocol asks for cannot say whether it is to be signed.
      const person = { name: text("Jane Doe"), email: text("jane@example.com") };
      const on = { repository, branch: "main", message: text("b\n"), committer: person };
      const other = await story.engine.run(commitFiles, on, story.caller);
      const undone = await story.engine.run(revert, { ...on, commit }, story.caller);
      for (const oid of [commit, other.commitOid, undone.commitOid])
        expect(keyring.verify(story.pathOf(repository), oid, key).status).toBe(0);
    } finally {
      await story.close();
    }
  });
});

describe("the file of the signing key", () => {
  const refusal = async (settings: Parameters<typeof openTestEngine>[0]) =>
    String(await failureOf(openTestEngine({ backend: "shell", ...settings })));

  test("is refused where others may read it", async () => {
    const signingKey = await keyring.make("ed25519");
    chmodSync(signingKey, 0o640);
    expect(await refusal({ signingKey })).toContain("others may read it");
  });

  test("is refused where the server cannot sign with it", async () => {
    expect(await refusal({ signingKey: await keyring.make("ed25519", "a passphrase") })).toMatch(/passphrase/);
    expect(await refusal({ signingKey: await keyring.make("openpgp", "a passphrase") })).toMatch(/passphrase/);
    expect(await refusal({ signingKey: join(keyring.directory, "absent") })).toMatch(/cannot be used: ENOENT/);
    expect(await refusal({ signCommits: "all" })).toMatch(/without a signing_key/);
  });
});
