import type { CallToolResult } from "@modelcontextprotocol/server";
import type { Caller } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { asOperationError } from "../../http/error-response.ts";
import type { DerivedOperation } from "../derived/derived-operation.ts";
import { runDerived } from "../derived/run-derived.ts";
import { type CutState, decodeCut } from "./cut-cursor.ts";
import { downloadPart } from "./download-part.ts";
import { cutResult } from "./cut-result.ts";
import { takeLines, withLines } from "./line-range.ts";
import type { Tool } from "./tool.ts";
import { errorResult, toolResult } from "./tool-result.ts";
import { runWhole } from "./whole-content.ts";
import { hasLines } from "./tool-schemas.ts";

/** What a tool is run with. */
export interface ToolRun {
  readonly engine: Engine;
  readonly caller: Caller;
  /** How long a result may be, bytes of JSON. */
  readonly resultBytesMax: number;
  /** Told of the items of a list as they come. */
  readonly onItems?: (items: readonly unknown[]) => void;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

type Args = Record<string, unknown>;
type Output = Readonly<Record<string, unknown>>;

/** Runs a tool; whatever comes of it is a result. */
export async function runTool(tool: Tool, args: Readonly<Args>, run: ToolRun): Promise<CallToolResult> {
  const { derived } = tool;
  try {
    return toolResult(await outputOf(tool, { ...args }, run));
  } catch (error) {
    if (!(error instanceof OperationError)) run.onBug(error, run.caller.requestId);
    return errorResult(asOperationError(error), derived.operation, run.caller.requestId);
  }
}

/** What an operation gives to a call, in JSON, within the budget. Rejects with OperationErrors. */
async function outputOf({ derived, beginning }: Tool, args: Args, run: ToolRun): Promise<Output> {
  const lines = hasLines(derived) ? takeLines(args) : undefined;
  const state = takeCut(derived, args);
  const input = derived.decode(args);
  if (derived.operation.shape === "download") return await downloadPart(derived, input, run, state);
  const own = typeof args["cursor"] === "string" ? args["cursor"] : undefined;
  const result = await runWhole(derived, beginning, input, run, (given) => {
    const whole = derived.encode(given) as Output;
    return cutResult(lines === undefined ? whole : withLines(whole, lines), run.resultBytesMax, state, own);
  });
  return (await shorterPage(derived, input, result, run)) ?? result;
}

/** Takes the cursor of a result that was cut out of the arguments; the operation's own cursor comes in its place. */
function takeCut({ fields }: DerivedOperation, args: Args): CutState | undefined {
  const { cursor } = args;
  if (cursor === undefined || cursor === null) return undefined;
  const state = typeof cursor === "string" ? decodeCut(cursor) : undefined;
  if (state === undefined) {
    if (fields.has("cursor")) return undefined;
    throw new OperationError("page_token_not_found", { token: typeof cursor === "string" ? cursor : "" });
  }
  delete args["cursor"];
  if (state.cursor !== undefined) args["cursor"] = state.cursor;
  return state;
}

/**
 * A page that was too long, asked for again with as many items as there is room for: its own cursor names what it shows by id, so that the
 * next page fits, whatever moves meanwhile. Undefined where that is not so.
 */
async function shorterPage(
  derived: DerivedOperation,
  input: Args,
  { cut, items }: Output,
  run: ToolRun,
): Promise<Output | undefined> {
  const { from, unit, field } = (cut ?? {}) as { from?: number; unit?: string; field?: string };
  const isPage = derived.fields.has("limit") && derived.fields.has("cursor");
  if (!isPage || from !== 0 || unit !== "items" || field !== "items" || !Array.isArray(items)) return undefined;
  const limited = { ...input, limit: items.length };
  const output = derived.encode(await runDerived(derived, limited, run)) as Output;
  return typeof output["next_cursor"] === "string" && Buffer.byteLength(JSON.stringify(output)) <= run.resultBytesMax
    ? output
    : undefined;
}
