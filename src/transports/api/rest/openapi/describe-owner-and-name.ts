import { browseRepositories, createRepository, showRepository } from "../../../../operations/index.ts";
import { NamedRepositoryField, NewRepositoryField, OWNER_AND_NAME_PREFIX } from "../owner-and-name-door.ts";
import { errorAnswers } from "./describe-errors.ts";
import { jsonSchemaOf } from "../../derived/json-schema.ts";

interface DescribedRoute {
  readonly path: string;
  readonly method: string;
  readonly description: object;
}

const TAGS = ["repositories by owner and name"];
const EXAMPLE = { owner: "alice", name: "myrepo", description: "A first repository" };
const SHOWN = { name: "myrepo", owner: "alice", full_name: "alice/myrepo", private: false, description: "" };

/** The routes of repositories by owner and name. */
export function describeOwnerAndName(): DescribedRoute[] {
  const one = jsonSchemaOf(NamedRepositoryField, "body");
  const parameter = (name: string, description: string, example: string) => ({
    name,
    in: "path",
    required: true,
    description,
    schema: { type: "string", minLength: 1 },
    example,
  });
  return [
    {
      path: OWNER_AND_NAME_PREFIX,
      method: "GET",
      description: {
        operationId: "listRepositoriesByOwner",
        summary: "List all repositories that the caller may read",
        tags: TAGS,
        responses: {
          200: {
            description: "All of them, without pages",
            content: { "application/json": { schema: { type: "array", items: one }, example: [SHOWN] } },
          },
          ...errorAnswers({ operation: browseRepositories, route: { method: "GET", path: "/repos" } }),
        },
      },
    },
    {
      path: OWNER_AND_NAME_PREFIX,
      method: "POST",
      description: {
        operationId: "createRepositoryByOwner",
        summary: "Create a repository",
        tags: TAGS,
        parameters: [{ $ref: "#/components/parameters/Idempotency-Key" }],
        requestBody: {
          required: true,
          content: { "application/json": { schema: jsonSchemaOf(NewRepositoryField, "body"), example: EXAMPLE } },
        },
        responses: {
          201: {
            description: "Made",
            headers: {
              Location: { description: "Where it is", schema: { type: "string" } },
              "Idempotent-Replayed": { $ref: "#/components/headers/Idempotent-Replayed" },
            },
            content: { "application/json": { schema: one, example: SHOWN } },
          },
          ...errorAnswers({ operation: createRepository, route: { method: "POST", path: "/repos" } }),
        },
      },
    },
    {
      path: `${OWNER_AND_NAME_PREFIX}/{owner}/{name}`,
      method: "GET",
      description: {
        operationId: "showRepositoryByOwner",
        summary: "Show a repository",
        tags: TAGS,
        parameters: [
          parameter("owner", "First part of the full name", "alice"),
          parameter("name", "The rest of the full name", "myrepo"),
        ],
        responses: {
          200: { description: "The repository", content: { "application/json": { schema: one, example: SHOWN } } },
          ...errorAnswers({ operation: showRepository, route: { method: "GET", path: "/repos/:repo" } }),
        },
      },
    },
  ];
}
