import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { RemoteFields, remoteSourceOf } from "../../contract/remotes.ts";
import { OperationError } from "../../domain/errors.ts";
import {
  DirectionField,
  INTERVAL_DEFAULT_S,
  INTERVAL_MAX_S,
  INTERVAL_MIN_S,
  mirrorFacts,
  MirrorItem,
  mirrorItem,
  NameField,
} from "./mirror-fields.ts";
import { repositoryNameOf } from "../../domain/repository-name.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    name: NameField,
    direction: DirectionField,
    ...RemoteFields,
    interval: Maybe(
      Type.Integer({
        minimum: INTERVAL_MIN_S,
        maximum: INTERVAL_MAX_S,
        description: `Seconds between two pulls; ${INTERVAL_DEFAULT_S} when absent. A push mirror has none`,
      }),
    ),
  },
  { additionalProperties: false },
);

/**
 * Binds a repository to one on another server, or makes that bond anew; it runs at once. A credential that is not given stays as long as
 * the address does.
 */
export const setMirror = defineOperation({
  name: "setMirror",
  summary: "Set a mirror",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: Input,
  output: MirrorItem,
  errors: ["repository_not_found", "invalid_input", "target_not_allowed", "limit_exceeded"],
  examples: [
    {
      title: "Pulled every hour",
      input: { name: "origin", direction: "pull", url: "https://git.example.com/project.git", interval: 3600 },
    },
  ],
  tool: { openWorld: true },
  route: { method: "PUT", path: "/repos/:repo/mirrors/:name" },
  async run({ repository, name, direction, interval, ...remote }, { mirrors, events }) {
    if (direction === "push" && interval !== undefined) {
      throw new OperationError("invalid_input", { field: "interval", problem: "is for pull mirrors" });
    }
    const source = remoteSourceOf(remote);
    const intervalS = interval ?? INTERVAL_DEFAULT_S;
    const mirror = await mirrors.set({ repository, name, direction, source, intervalS });
    await events.recordAdmin("mirror_set", { repo: repositoryNameOf(repository.relativePath), ...mirrorFacts(mirror) });
    return mirrorItem(mirror, mirrors);
  },
});
