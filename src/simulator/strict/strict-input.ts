import { isObject } from '../../core/is-object.ts';
import { callItems, checkCalls } from './strict-call-items.ts';
import { Rejection } from './strict-error.ts';
import { inputFile } from './strict-files.ts';
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

const MAX_ITEMS = 10_000;
const STATUS = nullable(oneOf('in_progress', 'completed', 'incomplete'));
const callId: Check = text({ least: 1, most: 64 });
const functionName: Check = text({ least: 1, most: 64, pattern: /^[a-zA-Z0-9_-]+$/ });
const isString = (value: unknown): boolean => typeof value === 'string';

/** The id of an item that OpenAI made. */
function itemId(prefix: string): Check {
  return (value, path) => {
    text({ least: 1, most: 64 })(value, path);
    if (String(value).startsWith(prefix)) return;
    throw new Rejection(
      `Invalid '${path}': '${value}'. Expected an ID that begins with '${prefix}'.`,
      { param: path, code: 'invalid_value' },
    );
  };
}

const INPUT_PARTS = variant('type', {
  input_text: object({ type: oneOf('input_text'), text: text() }, ['type', 'text']),
  input_image: object(
    {
      type: oneOf('input_image'),
      image_url: nullable(imageUrl),
      detail: oneOf('auto', 'low', 'high', 'original'),
    },
    ['type'],
  ),
  input_file: inputFile,
});

/** Text, or parts. */
const OUTPUT: Check = either(isString, text(), arrayOf(INPUT_PARTS, 1, MAX_ITEMS));

const OUTPUT_PARTS = variant('type', {
  output_text: object(
    { type: oneOf('output_text'), text: text(), annotations: arrayOf(anyObject, 0, MAX_ITEMS) },
    ['type', 'text'],
  ),
  refusal: object({ type: oneOf('refusal'), refusal: text() }, ['type', 'refusal']),
});

function message(role: string, parts: Check): Check {
  return object(
    {
      type: oneOf('message'),
      role: oneOf(role),
      content: either(isString, text(), arrayOf(parts, 1, MAX_ITEMS)),
      id: itemId('msg'),
      status: STATUS,
      phase: nullable(oneOf('commentary', 'final_answer')),
    },
    ['role', 'content'],
  );
}

const MESSAGE = variant('role', {
  user: message('user', INPUT_PARTS),
  system: message('system', INPUT_PARTS),
  developer: message('developer', INPUT_PARTS),
  assistant: message('assistant', OUTPUT_PARTS),
});

const SUMMARY = object({ type: oneOf('summary_text'), text: text() }, ['type', 'text']);

const ITEM = variant('type', {
  message: MESSAGE,
  function_call: object(
    {
      type: oneOf('function_call'),
      call_id: callId,
      name: functionName,
      arguments: text(),
      id: itemId('fc'),
      status: STATUS,
    },
    ['call_id', 'name', 'arguments'],
  ),
  function_call_output: object(
    {
      type: oneOf('function_call_output'),
      call_id: callId,
      output: OUTPUT,
      id: nullable(itemId('fc')),
      status: STATUS,
    },
    ['call_id', 'output'],
  ),
  reasoning: object(
    {
      type: oneOf('reasoning'),
      id: itemId('rs'),
      summary: arrayOf(SUMMARY, 0, MAX_ITEMS),
      encrypted_content: nullable(text()),
      content: arrayOf(anyObject, 0, MAX_ITEMS),
      status: STATUS,
    },
    ['summary'],
  ),
  ...callItems(OUTPUT),
});

const isMessage = (value: unknown): boolean =>
  isObject(value) && (value.type === undefined || value.type === 'message');

/** `input`: a text, or items. */
export const responsesInput: Check = either(
  isString,
  text(),
  arrayOf(either(isMessage, MESSAGE, ITEM), 1, MAX_ITEMS),
);

/** Rules between items: calls and their outputs, reasoning and what came of it. */
export function checkItems(items: readonly Fields[], reasons: boolean): void {
  checkCalls(items);
  for (const [index, item] of items.entries()) {
    if (item.type === 'reasoning') checkReasoning(item, items[index + 1], reasons);
  }
}

function checkReasoning(item: Fields, next: Fields | undefined, reasons: boolean): void {
  if (!reasons) {
    throw atInput(
      'Reasoning input items can only be provided to a reasoning or computer use model. Remove reasoning items from your input and try again.',
    );
  }
  if (!isString(item.encrypted_content) || item.encrypted_content === '') {
    throw new Rejection(
      `Item with id '${item.id}' not found. Items are not persisted when \`store\` is set to false.`,
      { status: 404, param: 'input' },
    );
  }
  const type = String(next?.type);
  const ownWork =
    type === 'reasoning' || (/_call$|^mcp_/.test(type) && type !== 'mcp_approval_response');
  if (ownWork || next?.role === 'assistant') return;
  throw atInput(
    `Item '${item.id}' of type 'reasoning' was provided without its required following item.`,
  );
}

function atInput(message: string): Rejection {
  return new Rejection(message, { param: 'input' });
}
