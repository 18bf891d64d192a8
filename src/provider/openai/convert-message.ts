import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionContentPartImage,
  ChatCompletionContentPartText,
  ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import type { ContentPart, ImagePart, Message, ToolCall } from '../message.ts';
import { present, unlessEmpty } from './present.ts';

/** A turn as the Chat Completions API takes it. Roles are not translated. */
export function toMessageParam(message: Message): ChatCompletionMessageParam {
  const { role } = message;
  switch (role) {
    case 'system':
    case 'developer':
      return { role, content: textOnly(message.content), ...nameOf(message) };
    case 'user':
      return { role, content: textAndImages(message.content), ...nameOf(message) };
    case 'assistant':
      return assistant(message);
    case 'tool':
      return {
        role,
        content: textOnly(message.content),
        tool_call_id: message.toolCallId ?? '',
      };
  }
}

function assistant(message: Message): ChatCompletionAssistantMessageParam {
  const { content } = message;
  const toolCalls = unlessEmpty(message.toolCalls);
  return {
    role: 'assistant',
    // Beside tool calls, null is what the API itself answers with; some servers refuse "".
    content: toolCalls !== undefined && content.length === 0 ? null : textOnly(content),
    ...(toolCalls && { tool_calls: toolCalls.map(toToolCallParam) }),
    ...nameOf(message),
  };
}

function toToolCallParam(call: ToolCall): ChatCompletionMessageFunctionToolCall {
  return {
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  };
}

function nameOf(message: Message): { name?: string } {
  return present({ name: unlessEmpty(message.name) });
}

function textOnly(content: Message['content']): string | ChatCompletionContentPartText[] {
  if (typeof content === 'string') return content;
  return content.filter((part) => part.type === 'text').map(({ type, text }) => ({ type, text }));
}

function textAndImages(content: Message['content']): string | ChatCompletionContentPart[] {
  return typeof content === 'string' ? content : content.map(toPart);
}

function toPart(part: ContentPart): ChatCompletionContentPart {
  return part.type === 'text' ? { type: 'text', text: part.text } : toImage(part);
}

function toImage(image: ImagePart): ChatCompletionContentPartImage {
  const url = image.data === undefined ? (image.uri ?? '') : dataUri(image.data, image.mediaType);
  return { type: 'image_url', image_url: { url, ...present({ detail: image.detail }) } };
}

function dataUri(data: Uint8Array, mediaType = ''): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return `data:${mediaType};base64,${bytes.toString('base64')}`;
}
