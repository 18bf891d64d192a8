import type {
  FunctionTool,
  ResponseCreateParams,
  ResponseFormatTextConfig,
} from 'openai/resources/responses/responses';
import type { MessageRequest, ResponseFormat, Tool, ToolChoice } from '../core/message.ts';
import { toSchema } from './convert-tools.ts';
import { present, unlessEmpty } from './present.ts';
import { unserved } from './unserved.ts';

type Params = ResponseCreateParams;
type ToolParams = Pick<Params, 'tools' | 'tool_choice' | 'parallel_tool_calls'>;

/** What Chat Completions makes of a function without a schema; this API wants it spelled out. */
const NO_ARGUMENTS = { type: 'object', properties: {}, required: [], additionalProperties: false };

/** The functions of a request and their use. The schemas must have been validated. */
export function toResponsesTools(request: MessageRequest): ToolParams {
  const tools = unlessEmpty(request.tools);
  // Without tools the API refuses even the choices that change nothing.
  if (tools === undefined) return {};
  return present({
    tools: tools.map(toFunction),
    tool_choice: request.toolChoice && toChoice(request.toolChoice),
    parallel_tool_calls: request.parallelToolCalls,
  });
}

function toFunction(tool: Tool): FunctionTool {
  const schema = unlessEmpty(tool.inputSchema);
  return {
    type: 'function',
    name: tool.name,
    ...present({ description: unlessEmpty(tool.description) }),
    parameters: schema === undefined ? NO_ARGUMENTS : toSchema(schema),
    // This API is strict by default, Chat Completions is not: a tool means the same on both.
    strict: tool.strict ?? false,
  };
}

function toChoice(choice: ToolChoice): Params['tool_choice'] {
  if (typeof choice === 'string') return choice;
  if (!('functionName' in choice)) return unserved('a choice of tools');
  return { type: 'function', name: choice.functionName };
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
