import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionCustomTool,
  ChatCompletionTool,
  ChatCompletionToolChoiceOption,
} from 'openai/resources/chat/completions';
import type {
  CustomFormat,
  MessageRequest,
  ResponseFormat,
  Tool,
  ToolChoice,
  ToolChoiceMode,
} from '../../core/message.ts';
import { present, unlessEmpty } from '../../core/present.ts';
import { spelledOut } from '../../request/fit/function-schema.ts';
import { parseJsonExactly } from '../values/parse-json-exactly.ts';
import { unserved } from './unserved.ts';

type ToolParams = Pick<
  ChatCompletionCreateParamsStreaming,
  'tools' | 'tool_choice' | 'parallel_tool_calls'
>;

/** The tools of a request and their use. The schemas must have been validated. */
export function toToolParams(request: MessageRequest): ToolParams {
  const tools = unlessEmpty(request.tools);
  // Without tools the API refuses even the choices that change nothing.
  if (tools === undefined) return {};
  return present({
    tools: tools.map(toTool),
    tool_choice: request.toolChoice && toToolChoice(request.toolChoice, tools),
    parallel_tool_calls: request.parallelToolCalls,
  });
}

/** What leaving them out means to OpenAI; xAI and TabbyAPI refuse a function that leaves them out. */
const NO_ARGUMENTS = { type: 'object', properties: {} };

/** Without it where it is not needed: Groq refuses an empty `required`. */
const STRICTLY_NONE = { ...NO_ARGUMENTS, required: [], additionalProperties: false };

function toTool(tool: Tool): ChatCompletionTool {
  if (tool.custom !== undefined) return toCustomTool(tool, tool.custom);
  const { name, inputSchema, strict } = tool;
  const without = strict ? STRICTLY_NONE : NO_ARGUMENTS;
  return {
    type: 'function',
    function: {
      name,
      ...present({
        description: unlessEmpty(tool.description),
        parameters: inputSchema ? spelledOut(toSchema(inputSchema)) : without,
        strict,
      }),
    },
  };
}

function toCustomTool(tool: Tool, format: CustomFormat): ChatCompletionCustomTool {
  return {
    type: 'custom',
    custom: {
      name: tool.name,
      ...present({ description: unlessEmpty(tool.description) }),
      format:
        format.type === 'text' ? { type: 'text' } : { type: 'grammar', grammar: grammarOf(format) },
    },
  };
}

/** Of the syntaxes, the SDK's type knows the members of its day. */
export function grammarOf({ syntax, definition }: Extract<CustomFormat, { type: 'grammar' }>) {
  return { syntax: syntax as 'lark' | 'regex', definition };
}

function toToolChoice(choice: ToolChoice, tools: readonly Tool[]): ChatCompletionToolChoiceOption {
  if (typeof choice === 'string') return choice;
  if ('functionName' in choice) {
    return { type: 'function', function: { name: choice.functionName } };
  }
  if ('customName' in choice) return { type: 'custom', custom: { name: choice.customName } };
  if ('hosted' in choice) return unserved('a choice of a hosted tool');
  const { mode, names } = choice.allowed;
  return {
    type: 'allowed_tools',
    allowed_tools: { mode: allowedMode(mode), tools: names.map((name) => toNamed(name, tools)) },
  };
}

/** `none` allows nothing, which validation has refused. */
export function allowedMode(mode: ToolChoiceMode): 'auto' | 'required' {
  return mode === 'required' ? 'required' : 'auto';
}

function toNamed(name: string, tools: readonly Tool[]): Record<string, unknown> {
  const tool = tools.find((each) => each.name === name);
  return tool?.custom === undefined
    ? { type: 'function', function: { name } }
    : { type: 'custom', custom: { name } };
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
