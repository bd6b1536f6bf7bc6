import type { Authenticator } from "../contract/authenticator.ts";
import type { Principal } from "../contract/principal.ts";
import { OperationError } from "../domain/errors.ts";
import type { CallAuthoriser } from "../transports/api/grpc/authorise-call.ts";
import type { GrpcCall } from "../transports/api/grpc/handler.ts";
import type { GrpcStatusError } from "../transports/api/grpc/status-error.ts";
import { principalOf } from "../transports/http/credentials.ts";

const SERVICE: Principal = { kind: "service", name: "service" };

/**
 * Who calls on the gRPC port beside the Gitaly protocol: whoever holds its shared secret is the service, and everybody else who he is over
 * HTTP. Health and reflection are for those that the Gitaly protocol lets in, and for users.
 */
export function grpcCallers(authorise: CallAuthoriser | undefined, authenticator: Authenticator) {
  return {
    /** Throws `unauthenticated`. */
    principalOf: (authorization: string | undefined): Promise<Principal> => {
      const holdsSecret = authorization !== undefined && authorise?.(() => authorization) === undefined;
      if (authorise !== undefined && holdsSecret) return Promise.resolve(SERVICE);
      return principalOf(authorization ?? null, authenticator);
    },
    admitToOwn: async (call: GrpcCall): Promise<GrpcStatusError | undefined> => {
      const refusal = authorise?.((name) => call.metadata(name));
      const authorization = call.metadata("authorization");
      if (refusal === undefined || authorization === undefined) return refusal;
      try {
        await principalOf(authorization, authenticator);
        return undefined;
      } catch (error) {
        if (error instanceof OperationError) return refusal;
        throw error;
      }
    },
  };
}
