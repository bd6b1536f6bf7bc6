import { BytesField, ByteStringField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { MomentField, PersonField } from "../commits/person-fields.ts";

/** What cherry-pick and revert have in common. */
export const pickFields = {
  repository: RepositoryField,
  commit: ByteStringField("The commit"),
  branch: ByteStringField("Branch to change, without refs/heads/"),
  message: BytesField("Message, kept byte for byte"),
  committer: PersonField,
  moment: Maybe(MomentField),
  startBranch: Maybe(ByteStringField("Revision to start from; the branch itself when absent")),
  startRepository: Maybe(RepositoryField),
  dryRun: Maybe(
    Type.Boolean({ description: "Compute the change, run the hooks, and leave the branch where it starts" }),
  ),
  expectedOid: Maybe(OidField("What the branch must point to")),
};

/** What both answer. */
export const PickOutput = Type.Object({
  commitOid: OidField("The new commit; the start of the branch after a dry run"),
  branchCreated: Type.Boolean(),
});
