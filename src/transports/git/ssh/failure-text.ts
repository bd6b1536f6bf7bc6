import { hasReason, OperationError } from "../../../domain/errors.ts";
import type { GitService } from "./git-command.ts";

/** What a client that may not read is told, and one that asks for what is not there: the same. */
export const notFoundText = (path: string): string => `repository '${path}' not found`;

/** What a person reads on stderr when git's request has failed; undefined for somebody who has gone. */
export function failureText(error: unknown, service: GitService, path: string, requestId: string): string | undefined {
  if (!(error instanceof OperationError)) return `internal error; request ${requestId} in the server's log`;
  // Somebody who reads needs no better name; somebody who pushes may have meant to make a repository.
  if (service === "receive-pack" && hasReason(error, "invalid_input"))
    return `'${path}' cannot be pushed to: the name ${error.details.problem}`;
  switch (error.reason) {
    case "canceled":
      return undefined;
    case "repository_not_found":
    case "repository_path_escapes":
    case "storage_unknown":
    case "unauthenticated":
      return notFoundText(path);
    case "invalid_input":
      return notFoundText(path);
    case "forbidden":
      return service === "receive-pack" ? `you may not push to '${path}'` : `you may not read '${path}'`;
    case "shutting_down":
    case "limit_exceeded":
    case "storage_unusable":
      return `${error.message}; try again later`;
    case "internal":
      return `internal error; request ${requestId} in the server's log`;
    default:
      return `${error.message}${factsOf(error)}`;
  }
}

/** The details that are text, for a person. */
function factsOf({ details }: OperationError): string {
  const facts = Object.values(details).filter((value) => typeof value === "string" && value !== "");
  return facts.length === 0 ? "" : `: ${facts.join(", ")}`;
}
