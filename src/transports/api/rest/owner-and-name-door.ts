import { Maybe, type Static, Type } from "../../../contract/fields.ts";
import { jsonCodec } from "../../../contract/json-codec.ts";
import type { Caller } from "../../../contract/principal.ts";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { hasReason, OperationError } from "../../../domain/errors.ts";
import { relativePathOf } from "../../../domain/repository-name.ts";
import { browseRepositories, createRepository, showRepository } from "../../../operations/index.ts";
import { errorResponse } from "../../http/error-response.ts";
import type { HttpCall, HttpDoor } from "../../http/http-door.ts";
import { percentDecode } from "../derived/query.ts";
import { refOfFullName, repositoryNamed } from "../derived/repository-field.ts";
import { addressOf, withoutTrailingSlash } from "./request-address.ts";
import type { RouteServices } from "./run-route.ts";

export const OWNER_AND_NAME_PREFIX = "/api/repos";

/** A repository to be made. */
export const NewRepositoryField = Type.Object(
  {
    owner: Maybe(Type.String({ description: "User or group that its full name begins with; absent: the caller" })),
    name: Type.String({ description: "What stands behind the owner in its full name" }),
    private: Maybe(Type.Boolean({ description: "Only its owner, collaborators and administrators see it" })),
    description: Maybe(Type.String({ description: "What it is for, in one line" })),
  },
  { additionalProperties: false, description: "A repository to be made" },
);

/** A repository as programs that know owners and names see it. */
export const NamedRepositoryField = Type.Object(
  {
    name: Type.String({ description: "What stands behind the owner in its full name" }),
    owner: Type.String({ description: "First part of its full name; empty where that has one part only" }),
    full_name: Type.String({ description: "alice/myrepo" }),
    private: Type.Boolean({ description: "Only its owner, collaborators and administrators see it" }),
    description: Type.String({ description: "What it is for, in one line" }),
    default_branch: Maybe(Type.String({ description: "Branch that HEAD names; of one repository alone" })),
    clone_url: Maybe(Type.String({ description: "Address to clone from over HTTP; of one repository alone" })),
    ssh_url: Maybe(Type.String({ description: "Address to clone from over SSH; of one repository alone" })),
  },
  { additionalProperties: false, description: "A repository" },
);

type NamedRepository = Static<typeof NamedRepositoryField>;

const checkNew = TypeCompiler.Compile(NewRepositoryField);
const newCodec = jsonCodec(NewRepositoryField, "plain");

/** `GET` and `POST` of `/api/repos`, `GET` of `/api/repos/{owner}/{name}`: a convention of its own over the same operations. */
export function ownerAndNameDoor(services: RouteServices): HttpDoor {
  return (request, call) => {
    const { pathname } = call.url;
    if (!pathname.startsWith(OWNER_AND_NAME_PREFIX)) return undefined;
    const rest = withoutTrailingSlash(addressOf(request).pathname).slice(OWNER_AND_NAME_PREFIX.length);
    if (rest === "") return answer(request, call, services, { GET: listAll, POST: create });
    const [, owner, name, more] = rest.split("/");
    if (!rest.startsWith("/") || !owner || !name || more !== undefined) return undefined;
    return answer(request, call, services, { GET: () => showOne(request, call, services, owner, name) });
  };
}

type Respond = (request: Request, call: HttpCall, services: RouteServices) => Promise<Response>;

async function answer(
  request: Request,
  call: HttpCall,
  services: RouteServices,
  methods: Readonly<Record<string, Respond>>,
): Promise<Response> {
  const allowed = [...Object.keys(methods), "HEAD", "OPTIONS"];
  try {
    if (request.method === "OPTIONS")
      return new Response(null, { status: 204, headers: { allow: allowed.join(", ") } });
    const respond = methods[request.method === "HEAD" ? "GET" : request.method];
    if (respond === undefined) throw new OperationError("method_not_allowed", { method: request.method, allowed });
    const response = await respond(request, call, services);
    return request.method === "HEAD" ? new Response(null, response) : response;
  } catch (error) {
    if (!(error instanceof OperationError)) services.onBug(error, call.requestId);
    else if (error.reason === "method_not_allowed") call.refused(error);
    return errorResponse(inItsWords(error), call.requestId);
  }
}

/** What the operation calls the repository is the name here. */
function inItsWords(error: unknown): unknown {
  if (!hasReason(error, "invalid_input") || !/^repository(\.relativePath)?$/.test(error.details.field)) return error;
  return new OperationError("invalid_input", { field: "name", problem: error.details.problem }, { cause: error });
}

async function callerOf(call: HttpCall): Promise<Caller> {
  const { requestId, peer, signal } = call;
  return { principal: await call.principal(), door: "rest", requestId, peer, signal };
}

async function listAll(_request: Request, call: HttpCall, { engine }: RouteServices): Promise<Response> {
  const found: NamedRepository[] = [];
  for await (const batch of engine.run(browseRepositories, {}, await callerOf(call)))
    found.push(
      ...batch.map(({ fullName, private: isPrivate, description }) => ({
        ...partsOf(fullName),
        private: isPrivate,
        description,
      })),
    );
  return json(found, 200);
}

async function showOne(
  _request: Request,
  call: HttpCall,
  { engine }: RouteServices,
  owner: string,
  name: string,
): Promise<Response> {
  const fullName = Buffer.from(`${percentDecode(owner, "path")}/${percentDecode(name, "path")}`, "latin1").toString();
  return json(await show(fullName, await callerOf(call), engine), 200);
}

async function create(request: Request, call: HttpCall, services: RouteServices): Promise<Response> {
  const key = request.headers.get("idempotency-key");
  let isReplayed = false;
  const caller: Caller = {
    ...(await callerOf(call)),
    ...(key !== null && { idempotencyKey: key, onReplayed: () => (isReplayed = true) }),
  };
  const { owner = ownName(caller), name, ...more } = await newRepository(request, call, services);
  // Whatever stands before the name must be found again under `/{owner}/{name}`.
  if (owner === "" || owner.includes("/"))
    throw new OperationError("invalid_input", { field: "owner", problem: "is no single part of a name" });
  const fullName = `${owner}/${name}`;
  // "bob/../alice/x" would be made as "alice/x".
  repositoryNamed(fullName, "name", services.engine);
  const repository = { storage: "default", relativePath: relativePathOf(fullName) };
  const made = await services.engine.run(createRepository, { repository, ...more }, caller);
  const shown = await show(fullName, await callerOf(call), services.engine).catch((error: unknown) => {
    // A repeated key gives the first answer, though the repository may be gone by now.
    if (!isReplayed || !hasReason(error, "repository_not_found")) throw error;
    return { ...partsOf(fullName), private: made.private, description: made.description };
  });
  const response = json(shown, 201);
  response.headers.set("location", `${OWNER_AND_NAME_PREFIX}/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`);
  if (isReplayed) response.headers.set("idempotent-replayed", "true");
  return response;
}

async function newRepository(
  request: Request,
  call: HttpCall,
  { bodies }: RouteServices,
): Promise<Static<typeof NewRepositoryField>> {
  const room = bodies.room();
  let value: unknown;
  try {
    value = newCodec.decode(await bodies.read(request, room, call.signal));
  } finally {
    room.release();
  }
  if (checkNew.Check(value)) return value;
  const first = checkNew.Errors(value).First();
  throw new OperationError("invalid_input", {
    field: first?.path.slice(1) ?? "",
    problem: first?.message ?? "does not fit",
  });
}

/** Whoever has no account has no name that repositories could begin with. */
function ownName({ principal }: Caller): string {
  if (principal.kind === "user") return principal.name;
  throw new OperationError("invalid_input", { field: "owner", problem: "is missing" });
}

async function show(fullName: string, caller: Caller, engine: RouteServices["engine"]): Promise<NamedRepository> {
  const repository = refOfFullName(fullName, engine);
  if (repository === undefined) throw new OperationError("repository_not_found", { repository: fullName });
  const shown = await engine.run(showRepository, { repository }, caller);
  const branch = shown.head?.replace(/^refs\/heads\//, "");
  const { http, ssh } = shown.cloneUrls;
  return {
    ...partsOf(fullName),
    private: shown.private,
    description: shown.description,
    ...(branch !== undefined && { default_branch: Buffer.from(branch, "latin1").toString() }),
    ...(http !== undefined && { clone_url: http }),
    ...(ssh !== undefined && { ssh_url: ssh }),
  };
}

function partsOf(fullName: string): Pick<NamedRepository, "name" | "owner" | "full_name"> {
  const at = fullName.indexOf("/");
  return { name: fullName.slice(at + 1), owner: at < 0 ? "" : fullName.slice(0, at), full_name: fullName };
}

const json = (value: unknown, status: number): Response =>
  Response.json(value, { status, headers: { "cache-control": "private, no-cache", vary: "authorization" } });
