/** The tools that the upstream runs itself, by their names in HostedTool. */
export const UPSTREAM_TOOLS = [
  'web_search',
  'file_search',
  'code_interpreter',
  'image_generation',
  'mcp',
] as const;

export type UpstreamTool = (typeof UPSTREAM_TOOLS)[number];

/** What an upstream may run on a caller's behalf. */
export interface HostedToolOptions {
  /** Those that callers may ask for. */
  readonly allow: readonly UpstreamTool[];
  /** By the name that callers use. */
  readonly mcpServers: Readonly<Record<string, McpServer>>;
}

/** A remote MCP server, which the upstream calls. */
export interface McpServer {
  readonly url: string;
  /** For the model. */
  readonly description?: string;
  /** Only these of its tools. Absent: all. */
  readonly allowedTools?: readonly string[];
  /** Whether the caller is asked before each call. */
  readonly requireApproval: 'always' | 'never';
  /** Secret: what the upstream sends as a bearer token. */
  readonly authorization?: string;
  /** Secret values of further headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

export const NO_HOSTED_TOOLS: HostedToolOptions = { allow: [], mcpServers: {} };
