import {
  ConflictError,
  ForbiddenError,
  GitError,
  NotFoundError,
  UnauthorizedError,
  ValidationError,
} from "@holdfast/client";
import { GraphQLError } from "graphql";
import { CatalogError } from "./catalog-error.ts";

/** What a caller is told of an error: its code in `extensions`, and nothing of what only concerns the operator. */
export function asGraphqlError(error: unknown): unknown {
  if (error instanceof CatalogError) {
    return new GraphQLError(error.message, { extensions: { code: error.code, ...error.facts } });
  }
  if (!(error instanceof GitError)) return error;
  const { code, message } = tell(error);
  const { outcomeUnknown, requestId } = error;
  return new GraphQLError(message, {
    extensions: {
      code,
      ...(requestId !== undefined && { requestId }),
      // The change may have been made: whoever asked for it looks before he asks again.
      ...((outcomeUnknown || error.retryable) && { outcomeUnknown: true }),
    },
  });
}

function tell(error: GitError): { code: string; message: string } {
  if (error instanceof NotFoundError) return { code: "NOT_FOUND", message: error.message };
  if (error instanceof ConflictError) return { code: "CONFLICT", message: error.message };
  if (error instanceof ValidationError) return { code: "BAD_USER_INPUT", message: error.message };
  if (error instanceof ForbiddenError) return { code: "FORBIDDEN", message: error.message };
  // The credentials are this API's, not its caller's.
  if (error instanceof UnauthorizedError) return { code: "UNAVAILABLE", message: "the catalog cannot be reached" };
  if (error.retryable) return { code: "UNAVAILABLE", message: "the catalog cannot be reached at the moment" };
  return { code: "INTERNAL", message: "the catalog could not do it" };
}
