import { ConflictError } from "../errors.ts";

/** Words of servers for a reference that is not what it has to be, in calls where they say no more than that. */
const NOT_AS_EXPECTED = /^(?:reference update:|could not update |cannot resolve expected old object ID)/i;

/** The conflict with the reference that the call was to move, and the id that was expected of it, if the server left them out. */
export function namingReference(error: unknown, reference: string, expectedId = ""): unknown {
  if (!(error instanceof ConflictError) || error.detail !== undefined || !NOT_AS_EXPECTED.test(error.message)) {
    return error;
  }
  const { code, message, outcomeUnknown, requestId } = error;
  return new ConflictError(message, {
    code,
    detail: { kind: "reference_update", reference, ...(expectedId === "" ? {} : { expectedId }) },
    outcomeUnknown,
    cause: error,
    ...(requestId === undefined ? {} : { requestId }),
  });
}
