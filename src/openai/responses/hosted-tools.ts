import type { Tool as ToolParam } from 'openai/resources/responses/responses';
import type { HostedTool } from '../../core/message.ts';
import { present, unlessEmpty } from '../../core/present.ts';
import type { McpServer } from '../../request/fit/hosted-tool-options.ts';
import { unserved } from '../request/unserved.ts';
import { parseJsonExactly } from '../values/parse-json-exactly.ts';

export type McpServers = Readonly<Record<string, McpServer>>;

type WebSearch = Extract<HostedTool, { type: 'web_search' }>;
type Mcp = Extract<HostedTool, { type: 'mcp' }>;

/**
 * A tool that the upstream runs, or whose form the model knows, as the Responses API takes it.
 *
 * @param servers of the configuration: addresses and secrets never come from a caller
 */
export function toHostedTool(tool: HostedTool, servers: McpServers): ToolParam {
  switch (tool.type) {
    case 'apply_patch':
      return { type: 'apply_patch' };
    case 'shell':
      // The commands are the caller's to run, where it is.
      return { type: 'shell', environment: { type: 'local' } };
    case 'web_search':
      return webSearch(tool);
    case 'file_search':
      return asTyped({
        type: 'file_search',
        vector_store_ids: tool.vectorStoreIds,
        ...present({
          max_num_results: tool.maxResults,
          filters: tool.filters ? parseJsonExactly(tool.filters) : undefined,
        }),
      });
    case 'code_interpreter':
      return asTyped({
        type: 'code_interpreter',
        container: tool.containerId || {
          type: 'auto',
          ...present({ file_ids: unlessEmpty(tool.fileIds) }),
        },
      });
    case 'image_generation':
      return asTyped({
        type: 'image_generation',
        ...present({
          size: unlessEmpty(tool.size),
          quality: unlessEmpty(tool.quality),
          background: unlessEmpty(tool.background),
          output_format: unlessEmpty(tool.outputFormat),
        }),
      });
    case 'mcp':
      return mcp(tool, servers);
  }
}

function webSearch({ allowedDomains, searchContextSize, location }: WebSearch): ToolParam {
  const domains = unlessEmpty(allowedDomains);
  return asTyped({
    type: 'web_search',
    ...present({
      filters: domains && { allowed_domains: domains },
      search_context_size: unlessEmpty(searchContextSize),
      user_location: location && { type: 'approximate', ...location },
    }),
  });
}

function mcp({ server: name, allowedTools }: Mcp, servers: McpServers): ToolParam {
  const server = Object.hasOwn(servers, name) ? servers[name] : undefined;
  if (server === undefined) return unserved('an MCP server that is not configured');
  const { url, description, requireApproval, authorization, headers = {} } = server;
  return asTyped({
    type: 'mcp',
    server_label: name,
    server_url: url,
    ...present({
      server_description: unlessEmpty(description),
      allowed_tools: unlessEmpty(allowedTools) ?? unlessEmpty(server.allowedTools),
    }),
    require_approval: requireApproval,
    ...present({ authorization }),
    ...(Object.keys(headers).length > 0 && { headers }),
  });
}

/** Of sets that grow, the SDK's types know the members of its day; validation knows the rest. */
function asTyped(tool: object): ToolParam {
  return tool as ToolParam;
}
