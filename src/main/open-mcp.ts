import { hasReason } from "../domain/errors.ts";
import { isMcpPath } from "../transports/api/mcp/mcp-paths.ts";
import type { McpDoor, McpOptions } from "../transports/api/mcp/mcp-door.ts";
import { parseToolsets, TOOLSET_NAMES } from "../transports/api/mcp/toolsets.ts";
import type { HttpCall, HttpDoor } from "../transports/http/http-door.ts";

/**
 * The door of agents. What it is made of takes 30 MB and a fifth of a second: it is loaded when the first agent comes. Throws for a setting
 * that names no toolset.
 */
export function openMcp(options: McpOptions): { readonly answer: HttpDoor; close(): Promise<void> } {
  checkSetting(options.toolsets);
  let loading: Promise<McpDoor> | undefined;
  const load = async (): Promise<McpDoor> => {
    const { McpDoor } = await import("../transports/api/mcp/mcp-door.ts");
    return new McpDoor(options);
  };
  const answer = async (request: Request, call: HttpCall): Promise<Response> => {
    // Who comes later tries again where it could not be loaded.
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return await (await loading).answer(request, call)!;
  };
  return {
    answer: (request, call) => (isMcpPath(call.url.pathname) ? answer(request, call) : undefined),
    close: async () => await (await loading)?.close(),
  };
}

function checkSetting(toolsets: string): void {
  try {
    parseToolsets(toolsets, TOOLSET_NAMES);
  } catch (error) {
    if (hasReason(error, "invalid_input")) throw new Error(`mcp_toolsets: ${error.details.problem}`, { cause: error });
    throw error;
  }
}
