import { CloneInput } from "../../contract/clones.ts";
import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { forgetCredential, remoteSourceOf } from "../../contract/remotes.ts";
import { OperationError } from "../../domain/errors.ts";
import { zeroOid } from "../../domain/oid.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { OID_HEX_LENGTH } from "../../domain/oid.ts";

const TO_SAY_EMPTY = "warning: the other repository is empty";

/**
 * Makes a repository of one on another server: its branches, tags and notes, and all that they reach. All or nothing: nobody sees the
 * repository before it is whole. Yields git's lines of progress.
 */
export const cloneRepository = defineOperation({
  name: "cloneRepository",
  summary: "Clone a repository from another server",
  kind: "write",
  shape: "list",
  access: "create",
  needsCredentials: true,
  target: "path",
  input: CloneInput,
  output: Type.Object({ line: Type.String() }),
  errors: [
    "repository_exists",
    "invalid_input",
    "target_not_allowed",
    "remote_unreachable",
    "remote_refused",
    "objects_invalid",
    "objects_missing",
    "pack_invalid",
    "too_large",
    "invalid_reference_name",
    "reference_name_conflict",
  ],
  examples: [{ title: "A public repository", input: { url: "https://git.example.com/project.git" } }],
  tool: {
    noun: "clone",
    openWorld: true,
    advice:
      "Waits until it is done, and tells how far it is to clients that ask for progress; cancel the call to stop it.",
  },
  async *run({ repository, private: asked, ...remote }, ctx) {
    const source = remoteSourceOf(remote);
    const isPrivate = asked ?? source.credential !== undefined;
    try {
      if (await ctx.repositories.exists(repository)) {
        throw new OperationError("repository_exists", { repository: repository.relativePath });
      }
      const access = await ctx.remotes.open(source, ctx.signal);
      const { references, head } = await ctx.remotes.list(access, ctx.signal);
      const isSha256 = references[0]?.oid.length === OID_HEX_LENGTH.sha256;
      const objectFormat = isSha256 ? "sha256" : "sha1";
      const defaultBranch = head?.startsWith(REFS_HEADS) === true ? head.slice(REFS_HEADS.length) : undefined;
      const options = { objectFormat, ...(defaultBranch === undefined ? {} : { defaultBranch }) } as const;
      if (references.length === 0) {
        yield [{ line: TO_SAY_EMPTY }];
        const { principal } = ctx.caller;
        await ctx.identity.repositories.create(repository, { principal, private: isPrivate }, () =>
          ctx.repositories.create(repository, options),
        );
        return;
      }
      const staged = await ctx.stage(repository, { ...options, private: isPrivate });
      const quarantine = await staged.quarantine();
      const oids = [...new Set(references.map(({ oid }) => oid))];
      const view = { ...quarantine.view, signal: ctx.signal };
      for await (const line of staged.git.remote.fetch(view, access, oids)) yield [{ line }];
      const expectedOid = zeroOid(objectFormat);
      const changes = references.map(({ name, oid }) => ({ name, newOid: oid, expectedOid }));
      await staged.updateRefs({ changes, quarantine, hooks: "none" });
    } finally {
      forgetCredential(source.credential);
    }
  },
});
