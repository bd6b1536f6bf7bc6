import { ByteStringField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { cloneAddresses } from "../../domain/clone-addresses.ts";
import { REFS_HEADS, REFS_TAGS } from "../../domain/reference.ts";
import { repositoryNameOf } from "../../domain/repository-name.ts";
import { LevelField } from "../collaborators/level-field.ts";

const CloneUrls = Type.Object(
  { http: Maybe(Type.String()), ssh: Maybe(Type.String()), git: Maybe(Type.String()) },
  { description: "Addresses to clone from, by door; none for storages that the doors do not serve" },
);

/** Storage whose repositories have clone addresses. */
const CLONED_STORAGE = "default";

/** Tells what a repository is: whose, what the caller may do with it, its object format, where HEAD points, how many references it has. */
export const showRepository = defineOperation({
  name: "showRepository",
  summary: "Show a repository",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: Type.Object({
    objectFormat: Type.String(),
    path: Maybe(ByteStringField("Where the repository lies on the server's disk; for administrators")),
    owner: Maybe(Type.String({ description: "User whose it is" })),
    private: Type.Boolean(),
    description: Type.String(),
    access: LevelField,
    cloneUrls: CloneUrls,
    head: Maybe(ByteStringField("Reference that HEAD names; absent while it is detached")),
    headOid: Maybe(OidField("Commit that HEAD leads to; absent while there is none")),
    branches: Type.Integer(),
    tags: Type.Integer(),
    references: Type.Integer({ description: "All references, branches and tags among them" }),
  }),
  errors: ["repository_not_found"],
  examples: [{ title: "A repository", input: {} }],
  tool: { isDefault: true, advice: "Default branch, head, clone addresses, what you may do with it." },
  route: { method: "GET", path: "/repos/:repo" },
  async run({ repository: ref }, { caller, identity, repository, server }) {
    const { git, view } = repository;
    const record = await identity.repositories.find(ref);
    const access = await identity.access.levelOf(caller.principal, ref);
    const seesDisk = await identity.access.mayAdministerServer(caller.principal);
    return repository.consistently(async () => {
      const head = await git.refs.head(view);
      const count = { branches: 0, tags: 0, references: 0 };
      for await (const batch of git.refs.list(view, { prefixes: [], peel: false })) {
        for (const { name } of batch) {
          count.references++;
          if (name.startsWith(REFS_HEADS)) count.branches++;
          if (name.startsWith(REFS_TAGS)) count.tags++;
        }
      }
      return {
        objectFormat: repository.objectFormat,
        ...record,
        access,
        cloneUrls:
          ref.storage === CLONED_STORAGE
            ? cloneAddresses(repositoryNameOf(ref.relativePath), server.cloneDoors(), record.private)
            : {},
        ...(seesDisk ? { path: view.gitDir } : {}),
        ...(head.target === undefined ? {} : { head: head.target }),
        ...(head.oid === undefined ? {} : { headOid: head.oid }),
        ...count,
      };
    });
  },
});
