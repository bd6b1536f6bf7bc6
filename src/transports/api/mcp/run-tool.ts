import type { CallToolResult } from "@modelcontextprotocol/server";
import type { Caller } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { asOperationError } from "../../http/error-response.ts";
import { runDerived } from "../derived/run-derived.ts";
import type { Tool } from "./tool.ts";
import { errorResult, toolResult } from "./tool-result.ts";

/** What a tool is run with. */
export interface ToolRun {
  readonly engine: Engine;
  readonly caller: Caller;
  /** How long a result may be, bytes of JSON. */
  readonly resultBytesMax: number;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** Runs a tool; whatever comes of it is a result. */
export async function runTool(
  tool: Tool,
  args: Readonly<Record<string, unknown>>,
  run: ToolRun,
): Promise<CallToolResult> {
  const { derived } = tool;
  try {
    const output = derived.encode(await runDerived(derived, derived.decode(args), run));
    return toolResult(output as Record<string, unknown>);
  } catch (error) {
    if (!(error instanceof OperationError)) run.onBug(error, run.caller.requestId);
    return errorResult(asOperationError(error), derived.operation, run.caller.requestId);
  }
}
