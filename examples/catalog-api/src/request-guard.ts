import type { IncomingMessage, ServerResponse } from "node:http";

/** Largest question that is read, bytes. */
const BODY_BYTES_MAX = 1024 * 1024;

/**
 * Answers a request that is not to be read, and says so. A page of a browser may send forms and plain text to any address in its user's
 * name, JSON only where it is allowed to: so nothing but JSON is taken.
 */
export function refused(request: IncomingMessage, response: ServerResponse): boolean {
  const problem = problemOf(request);
  if (problem === undefined) return false;
  const [status, message] = problem;
  // What comes is let go, so that the answer is not lost in a connection that breaks.
  request.resume();
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify({ errors: [{ message }] })}\n`);
  return true;
}

function problemOf({ method, headers }: IncomingMessage): [status: number, message: string] | undefined {
  if (method !== "POST") return undefined;
  if (!/^application\/json\s*(;|$)/i.test(headers["content-type"] ?? ""))
    return [415, "questions are application/json"];
  const length = Number(headers["content-length"] ?? Number.NaN);
  if (Number.isNaN(length)) return [411, "a question says how long it is"];
  if (length > BODY_BYTES_MAX) return [413, `a question must not be longer than ${BODY_BYTES_MAX} bytes`];
  return undefined;
}
