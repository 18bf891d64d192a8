import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionContentPartImage,
  ChatCompletionContentPartText,
  ChatCompletionMessageParam,
  ChatCompletionMessageToolCall,
} from 'openai/resources/chat/completions';
import type { ContentPart, ImagePart, Message, ToolCall } from '../../core/message.ts';
import type { Model } from '../../core/model.ts';
import { present, unlessEmpty } from '../../core/present.ts';
import { fileSource } from '../request/file-data.ts';
import { imageUrl } from '../request/image-url.ts';
import { ofCall, ofTurn } from './provider-data.ts';

/**
 * A turn as the Chat Completions API takes it.
 *
 * @param model whose role carries instructions, whatever they are called
 * @param target the upstream, which gets back what it asked for and nothing of others
 */
export function toMessageParam(
  message: Message,
  model: Model,
  target: string,
): ChatCompletionMessageParam {
  switch (message.role) {
    case 'system':
    case 'developer':
      return {
        role: model.instructionRole,
        content: textOnly(message.content),
        ...nameOf(message),
      };
    case 'user':
      return { role: 'user', content: partsOf(message.content), ...nameOf(message) };
    case 'assistant':
      return assistant(message, model, target);
    case 'tool':
      return {
        role: 'tool',
        content: textOnly(message.content),
        tool_call_id: message.toolCallId ?? '',
      };
  }
}

function assistant(
  message: Message,
  { reasoning: { sendBackAs } }: Model,
  target: string,
): ChatCompletionAssistantMessageParam {
  const toolCalls = unlessEmpty(message.toolCalls);
  const { thoughts, fields } = ofTurn(target, message);
  // The SDK's types know no parts of other servers.
  const parts = [...thoughts, ...textParts(message.content)] as ChatCompletionContentPartText[];
  return {
    role: 'assistant',
    content: thoughts.length > 0 ? parts : said(message),
    ...(toolCalls && { tool_calls: toolCalls.map((call) => toToolCallParam(call, target)) }),
    ...nameOf(message),
    ...fields,
    // Wanted with every turn that calls a tool, even if the model thought nothing.
    ...(sendBackAs &&
      (toolCalls || message.reasoning) && { [sendBackAs]: message.reasoning ?? '' }),
  };
}

/** Beside tool calls, null is what the API itself answers with; some servers refuse "". */
function said({ content, toolCalls = [] }: Message): ReturnType<typeof textOnly> | null {
  return toolCalls.length > 0 && content.length === 0 ? null : textOnly(content);
}

function textParts(content: Message['content']): ChatCompletionContentPartText[] {
  const texts = textOnly(content);
  if (typeof texts !== 'string') return texts;
  return texts === '' ? [] : [{ type: 'text', text: texts }];
}

function toToolCallParam(call: ToolCall, target: string): ChatCompletionMessageToolCall {
  if (call.kind === 'custom') {
    return {
      id: call.id,
      type: 'custom',
      custom: { name: call.name, input: call.arguments },
      ...ofCall(target, call),
    };
  }
  return {
    id: call.id,
    type: 'function',
    // A model that calls without arguments may say "", which many servers do not take back.
    function: { name: call.name, arguments: call.arguments || '{}' },
    ...ofCall(target, call),
  };
}

function nameOf(message: Message): { name?: string } {
  return present({ name: unlessEmpty(message.name) });
}

function textOnly(content: Message['content']): string | ChatCompletionContentPartText[] {
  const parts = onePartAsText(content);
  if (typeof parts === 'string') return parts;
  return parts.filter((part) => part.type === 'text').map(({ type, text }) => ({ type, text }));
}

function partsOf(content: Message['content']): string | ChatCompletionContentPart[] {
  const parts = onePartAsText(content);
  return typeof parts === 'string' ? parts : parts.map(toPart);
}

/**
 * A list of one text means that text, and some servers take or read it only so: DeepSeek. A tool may have
 * nothing to say, and the API takes an empty text but no empty list.
 */
function onePartAsText(content: Message['content']): Message['content'] {
  if (content.length === 0) return '';
  const [part] = content;
  return content.length === 1 && typeof part === 'object' && part.type === 'text'
    ? part.text
    : content;
}

function toPart(part: ContentPart): ChatCompletionContentPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image':
      return toImage(part);
    case 'file':
      return { type: 'file', file: fileSource(part) };
  }
}

function toImage(image: ImagePart): ChatCompletionContentPartImage {
  const url = imageUrl(image);
  return { type: 'image_url', image_url: { url, ...present({ detail: image.detail }) } };
}
