import type {
  ResponseCreateParams,
  ResponseFormatTextConfig,
  Tool as ToolParam,
} from 'openai/resources/responses/responses';
import type {
  HostedTool,
  MessageRequest,
  ResponseFormat,
  Tool,
  ToolChoice,
} from '../../core/message.ts';
import { present, unlessEmpty } from '../../core/present.ts';
import { spelledOut } from '../../request/fit/function-schema.ts';
import { allowedMode, grammarOf, toSchema } from '../request/convert-tools.ts';
import { type McpServers, toHostedTool } from './hosted-tools.ts';

type Params = ResponseCreateParams;
type ToolParams = Pick<Params, 'tools' | 'tool_choice' | 'parallel_tool_calls'>;

/** What Chat Completions makes of a function without a schema; this API wants it spelled out. */
const NO_ARGUMENTS = { type: 'object', properties: {}, required: [], additionalProperties: false };

/** The tools of a request and their use. The schemas must have been validated. */
export function toResponsesTools(request: MessageRequest, servers: McpServers): ToolParams {
  const { tools = [], hostedTools = [], toolChoice } = request;
  // Without tools the API refuses even the choices that change nothing.
  if (tools.length + hostedTools.length === 0) return {};
  return present({
    tools: [...tools.map(toTool), ...hostedTools.map((tool) => toHostedTool(tool, servers))],
    tool_choice: toolChoice && toChoice(toolChoice, tools, hostedTools),
    parallel_tool_calls: request.parallelToolCalls,
  });
}

function toTool(tool: Tool): ToolParam {
  if (tool.custom !== undefined) {
    const { type } = tool.custom;
    return {
      type: 'custom',
      name: tool.name,
      ...present({ description: unlessEmpty(tool.description) }),
      format: type === 'text' ? { type } : { type, ...grammarOf(tool.custom) },
    };
  }
  const schema = unlessEmpty(tool.inputSchema);
  return {
    type: 'function',
    name: tool.name,
    ...present({ description: unlessEmpty(tool.description) }),
    parameters: schema === undefined ? NO_ARGUMENTS : spelledOut(toSchema(schema)),
    // This API is strict by default, Chat Completions is not: a tool means the same on both.
    strict: tool.strict ?? false,
  };
}

type Named = Extract<Params['tool_choice'], { readonly type: string }>;

function toChoice(
  choice: ToolChoice,
  tools: readonly Tool[],
  hosted: readonly HostedTool[],
): Params['tool_choice'] {
  if (typeof choice === 'string') return choice;
  if ('functionName' in choice) return { type: 'function', name: choice.functionName };
  if ('customName' in choice) return { type: 'custom', name: choice.customName };
  if ('hosted' in choice) return toNamed(choice.hosted, [], hosted);
  const { mode, names } = choice.allowed;
  return {
    type: 'allowed_tools',
    mode: allowedMode(mode),
    // The SDK's type wants plain records.
    tools: names.map((name) => ({ ...toNamed(name, tools, hosted) })),
  };
}

/** A hosted tool goes by its type, and an MCP server by its name, too. */
function toNamed(name: string, tools: readonly Tool[], hosted: readonly HostedTool[]): Named {
  const tool = tools.find((each) => each.name === name);
  if (tool !== undefined) return { type: tool.custom === undefined ? 'function' : 'custom', name };
  const server = hosted.find(
    (each) => each.type === 'mcp' && [each.type, each.server].includes(name),
  );
  if (server?.type === 'mcp') return { type: 'mcp', server_label: server.server };
  return { type: name } as Named;
}

/** The form of the answer as the Responses API takes it. */
export function toTextFormat(format: ResponseFormat): ResponseFormatTextConfig {
  if (format.type !== 'json_schema') return { type: format.type };
  return {
    type: 'json_schema',
    name: format.name,
    ...present({ description: unlessEmpty(format.description) }),
    schema: toSchema(format.schema),
    // As with tools: what a caller leaves out means the same on both APIs.
    strict: format.strict ?? false,
  };
}
