export const MCP_PATH = "/mcp";

const WELL_KNOWN = "/.well-known/oauth-protected-resource";

/** Where the metadata of `/mcp` stands: both forms are asked for (RFC 9728, section 3.1). */
export const METADATA_PATHS: ReadonlySet<string> = new Set([WELL_KNOWN, `${WELL_KNOWN}${MCP_PATH}`]);

/** Where clients are sent to read what is asked of them. */
export const METADATA_PATH = `${WELL_KNOWN}${MCP_PATH}`;

/** Is the address one of agents'? */
export const isMcpPath = (pathname: string): boolean =>
  pathname === MCP_PATH || pathname === `${MCP_PATH}/` || METADATA_PATHS.has(pathname);
