import { isObject } from '../../core/is-object.ts';
import { Rejection } from './strict-error.ts';
import { chatFile } from './strict-files.ts';
import { imageUrl } from './strict-images.ts';
import {
  anyObject,
  arrayOf,
  type Check,
  either,
  type Fields,
  nullable,
  object,
  oneOf,
  text,
  variant,
} from './strict-values.ts';

const MAX_MESSAGES = 2048;
/** Chat Completions took 40 for long, and takes what Responses made since. */
const callId: Check = text({ least: 1, most: 64 });
const functionName: Check = text({ least: 1, most: 64, pattern: /^[a-zA-Z0-9_-]+$/ });

const TEXT_PART = object({ type: oneOf('text'), text: text() }, ['type', 'text']);
const IMAGE_PART = object(
  {
    type: oneOf('image_url'),
    image_url: object({ url: imageUrl, detail: oneOf('auto', 'low', 'high', 'original') }, ['url']),
  },
  ['type', 'image_url'],
);
const FILE_PART = object({ type: oneOf('file'), file: chatFile }, ['type', 'file']);
const REFUSAL_PART = object({ type: oneOf('refusal'), refusal: text() }, ['type', 'refusal']);

const isString = (value: unknown): boolean => typeof value === 'string';

function content(kinds: Readonly<Record<string, Check>>): Check {
  return either(isString, text(), arrayOf(variant('type', kinds), 1, MAX_MESSAGES));
}

const participant: Check = text({ least: 1, most: 64, pattern: /^[^\s<|\\/>]+$/ });

function spoken(role: string, kinds: Readonly<Record<string, Check>>): Check {
  return object({ role: oneOf(role), content: content(kinds), name: participant }, [
    'role',
    'content',
  ]);
}

const TOOL_CALL = variant('type', {
  function: object(
    {
      id: callId,
      type: oneOf('function'),
      function: object({ name: functionName, arguments: text() }, ['name', 'arguments']),
    },
    ['id', 'type', 'function'],
  ),
  custom: object(
    {
      id: callId,
      type: oneOf('custom'),
      custom: object({ name: functionName, input: text() }, ['name', 'input']),
    },
    ['id', 'type', 'custom'],
  ),
});

const MESSAGE = variant('role', {
  system: spoken('system', { text: TEXT_PART }),
  developer: spoken('developer', { text: TEXT_PART }),
  user: spoken('user', { text: TEXT_PART, image_url: IMAGE_PART, file: FILE_PART }),
  assistant: object(
    {
      role: oneOf('assistant'),
      content: nullable(content({ text: TEXT_PART, refusal: REFUSAL_PART })),
      refusal: nullable(text()),
      name: participant,
      tool_calls: arrayOf(TOOL_CALL, 1, 128),
      audio: nullable(anyObject),
    },
    ['role'],
  ),
  tool: object(
    { role: oneOf('tool'), content: content({ text: TEXT_PART }), tool_call_id: callId },
    ['role', 'content', 'tool_call_id'],
  ),
});

/** The form of each message. */
export const chatMessages: Check = arrayOf(MESSAGE, 1, MAX_MESSAGES);

/** Rules between messages: tool calls are answered, at once and by nothing else. */
export function checkConversation(messages: readonly Fields[]): void {
  let open: Set<string> | undefined;
  let asked = -1;
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      checkResult(open, message.tool_call_id, index);
      continue;
    }
    checkAnswered(open, asked);
    open = undefined;
    if (message.role !== 'assistant') continue;
    checkAssistant(message, index);
    open = callIds(message, index);
    asked = index;
  }
  checkAnswered(open, asked);
}

function callIds(message: Fields, index: number): Set<string> | undefined {
  if (!Array.isArray(message.tool_calls)) return undefined;
  const ids = new Set<string>();
  for (const { id } of message.tool_calls) {
    if (ids.has(id)) throw duplicate('id', id, index);
    ids.add(id);
  }
  return ids;
}

function checkAssistant(message: Fields, index: number): void {
  if (message.tool_calls !== undefined || isString(message.refusal)) return;
  if (message.content !== undefined && message.content !== null) return;
  throw new Rejection("Invalid value for 'content': expected a string, got null.", {
    param: `messages.[${index}].content`,
  });
}

function checkResult(open: Set<string> | undefined, id: unknown, index: number): void {
  if (open === undefined) {
    throw new Rejection(
      "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
      { param: `messages.[${index}].role` },
    );
  }
  if (!open.delete(String(id))) {
    throw new Rejection(
      `Invalid parameter: 'tool_call_id' of '${id}' not found in 'tool_calls' of previous message.`,
      { param: `messages.[${index}].tool_call_id` },
    );
  }
}

function checkAnswered(open: Set<string> | undefined, index: number): void {
  if (open === undefined || open.size === 0) return;
  throw new Rejection(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(', ')}`,
    { param: `messages.[${index}].role` },
  );
}

function duplicate(field: string, id: string, index: number): Rejection {
  return new Rejection(
    `Invalid parameter: Duplicate value for '${field}' of '${id}' in message[${index}].`,
    { param: 'messages' },
  );
}

/** Whether there is an image in the content of a message. */
export function hasImage({ content: parts }: Fields): boolean {
  if (!Array.isArray(parts)) return false;
  return parts.some((part) => isObject(part) && /image/.test(String(part.type)));
}

/** Every text of a conversation, to be searched and counted. */
export function textsOf(items: readonly Fields[]): string[] {
  return items.flatMap((item) => {
    const { content: said, output, arguments: given, input } = item;
    return [said, output, given, input].flatMap(plainTexts);
  });
}

function plainTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return [];
  return value.flatMap((part: Fields) => (typeof part.text === 'string' ? [part.text] : []));
}
