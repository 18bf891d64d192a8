import type { FilePart, Message, MessageRequest } from '../../core/message.ts';
import { isTextType } from '../validate/files.ts';
import { fileTokens } from './file-tokens.ts';
import { imageTokensAtMost } from './image-tokens.ts';

/**
 * What counting adds around texts at most, rounded up: tokens/lay-out.ts and tool-tokens.ts have the
 * precise figures, and a test holds this bound against them.
 */
const TOKENS_PER_MESSAGE = 16;
const TOKENS_PER_TOOL_CALL = 4;
const TOKENS_PER_TOOL = 16;
/** What the upstream tells the model of a tool that it brings along is not published. */
export const TOKENS_PER_HOSTED_TOOL = 256;
const TOKENS_PER_REQUEST = 32;
/** The worst of a schema is an enum of digits: `1,` costs three tokens beside the digit. */
const TOKENS_PER_SCHEMA_BYTE = 2;

/** UTF-8 has at most three bytes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;

/** The bytes of a text in UTF-8, or more. */
type Measure = (text: string) => number;

const byLength: Measure = (text) => text.length * BYTES_PER_UNIT;
const inBytes: Measure = (text) => Buffer.byteLength(text);

/**
 * Whether a request has at most `limit` tokens whatever its texts are, for a token covers a byte at
 * least. Takes microseconds where counting takes milliseconds; false: it must be counted.
 *
 * @param model its id, which says what images cost
 */
export function surelyFits(model: string, request: MessageRequest, limit: number): boolean {
  return (
    tokensAtMost(model, request, byLength) <= limit ||
    tokensAtMost(model, request, inBytes) <= limit
  );
}

/**
 * The tokens of a request at most: counting never finds more. Of English text some four times what it
 * has. Takes microseconds.
 *
 * @param model its id, which says what images cost
 */
export function promptTokensAtMost(model: string, request: MessageRequest): number {
  return tokensAtMost(model, request, inBytes);
}

function tokensAtMost(model: string, request: MessageRequest, measure: Measure): number {
  let tokens = TOKENS_PER_REQUEST;
  for (const message of request.messages) tokens += messageTokens(model, message, measure);
  for (const { name, description = '', inputSchema = '', custom } of request.tools ?? []) {
    tokens += TOKENS_PER_TOOL + measure(name) + measure(description);
    if (custom?.type === 'grammar') tokens += measure(custom.definition);
    tokens += TOKENS_PER_SCHEMA_BYTE * measure(inputSchema);
  }
  tokens += TOKENS_PER_HOSTED_TOOL * (request.hostedTools?.length ?? 0);
  const format = request.responseFormat;
  if (format?.type === 'json_schema') {
    tokens += measure(format.name) + measure(format.description ?? '') + measure(format.schema);
  }
  return tokens;
}

function contentTokens(model: string, content: Message['content'], measure: Measure): number {
  if (typeof content === 'string') return measure(content);
  let tokens = 0;
  for (const part of content) {
    if (part.type === 'text') tokens += measure(part.text);
    else if (part.type === 'image') tokens += imageTokensAtMost(model, part);
    else tokens += fileTokensAtMost(model, part, measure);
  }
  return tokens;
}

/** A byte that is no UTF-8 is read as a character of three. */
function fileTokensAtMost(model: string, file: FilePart, measure: Measure): number {
  const { data, name = '', mediaType } = file;
  const isText = data !== undefined && isTextType(mediaType);
  return measure(name) + (isText ? BYTES_PER_UNIT * data.byteLength : fileTokens(model, file));
}

function messageTokens(model: string, message: Message, measure: Measure): number {
  const { content, name = '', toolCallId = '' } = message;
  let tokens = TOKENS_PER_MESSAGE + measure(name) + measure(toolCallId);
  tokens += measure(message.reasoning ?? '');
  tokens += contentTokens(model, content, measure);
  for (const { encryptedContent } of message.reasoningItems ?? []) {
    tokens += measure(encryptedContent);
  }
  for (const call of message.toolCalls ?? []) {
    tokens += TOKENS_PER_TOOL_CALL;
    tokens += measure(call.id) + measure(call.name) + measure(call.arguments);
  }
  return tokens;
}
