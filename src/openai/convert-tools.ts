import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionFunctionTool,
  ChatCompletionToolChoiceOption,
} from 'openai/resources/chat/completions';
import type { MessageRequest, ResponseFormat, Tool, ToolChoice } from '../core/message.ts';
import { parseJsonExactly } from './parse-json-exactly.ts';
import { present, unlessEmpty } from './present.ts';
import { unserved } from './unserved.ts';

type ToolParams = Pick<
  ChatCompletionCreateParamsStreaming,
  'tools' | 'tool_choice' | 'parallel_tool_calls'
>;

/** The functions of a request and their use. The schemas must have been validated. */
export function toToolParams(request: MessageRequest): ToolParams {
  const tools = unlessEmpty(request.tools);
  // Without tools the API refuses even the choices that change nothing.
  if (tools === undefined) return {};
  return present({
    tools: tools.map(toTool),
    tool_choice: request.toolChoice && toToolChoice(request.toolChoice),
    parallel_tool_calls: request.parallelToolCalls,
  });
}

function toTool(tool: Tool): ChatCompletionFunctionTool {
  const schema = unlessEmpty(tool.inputSchema);
  return {
    type: 'function',
    function: {
      name: tool.name,
      ...present({
        description: unlessEmpty(tool.description),
        parameters: schema === undefined ? undefined : toSchema(schema),
        strict: tool.strict,
      }),
    },
  };
}

function toToolChoice(choice: ToolChoice): ChatCompletionToolChoiceOption {
  if (typeof choice === 'string') return choice;
  if (!('functionName' in choice)) return unserved('a choice of tools');
  return { type: 'function', function: { name: choice.functionName } };
}

/** The form of the answer as the Chat Completions API takes it. */
export function toResponseFormat(
  format: ResponseFormat,
): NonNullable<ChatCompletionCreateParamsStreaming['response_format']> {
  if (format.type !== 'json_schema') return { type: format.type };
  return {
    type: 'json_schema',
    json_schema: {
      name: format.name,
      ...present({ description: unlessEmpty(format.description) }),
      schema: toSchema(format.schema),
      ...present({ strict: format.strict }),
    },
  };
}

/** A schema whose numbers and keys stay as they were written. */
export function toSchema(text: string): Record<string, unknown> {
  return parseJsonExactly(text) as Record<string, unknown>;
}
