import type { CallToolResult } from "@modelcontextprotocol/server";
import type { Operation } from "../../../contract/operation.ts";
import type { OperationError } from "../../../domain/errors.ts";
import { errorBody } from "../../http/error-response.ts";
import { inRequestWords } from "../derived/request-words.ts";
import { nextStep } from "./next-step.ts";

/** What a tool gave: for programs as it is, for models as text. */
export function toolResult(output: Readonly<Record<string, unknown>>): CallToolResult {
  return { content: textsOf(output), structuredContent: output };
}

/** What went wrong, in the words of the call, and what to do next: agents read it and go on (`isError`, not an error of the protocol). */
export function errorResult(error: OperationError, operation: Operation, requestId: string): CallToolResult {
  const told = { ...errorBody(inRequestWords(error, operation, "snake"), requestId), ...nextStep(error) };
  return { content: [{ type: "text", text: JSON.stringify(told) }], structuredContent: told, isError: true };
}

/** Text of several lines is shown apart, as it is: escaped in JSON models read it badly. */
function textsOf(output: Readonly<Record<string, unknown>>): CallToolResult["content"] {
  const apart = Object.entries(output).filter(
    (field): field is [string, string] => typeof field[1] === "string" && field[1].includes("\n"),
  );
  if (apart.length === 0 || output["encoding"] === "base64") return [{ type: "text", text: JSON.stringify(output) }];
  const rest = { ...output };
  for (const [name] of apart) rest[name] = `(${name}: in a text of its own)`;
  return [JSON.stringify(rest), ...apart.map(([, text]) => text)].map((text) => ({ type: "text", text }));
}
