import { isObject } from '../../core/is-object.ts';
import type { Tool } from '../../core/message.ts';
import type { TokenizerName } from '../../core/model.ts';
import { readJsonObject } from '../validate/json-object.ts';
import type { PromptBuilder } from './prompt.ts';

/**
 * OpenAI's figures for functions, section 7 of
 * https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
 */
const TOKENS_PER_FUNCTION = { o200k_base: 7, cl100k_base: 10 } as const satisfies Record<
  TokenizerName,
  number
>;
const TOKENS_PER_PROPERTIES = 3;
const TOKENS_PER_PROPERTY = 3;
const TOKENS_PER_ENUM = -3;
const TOKENS_PER_ENUM_ITEM = 3;
const TOKENS_AFTER_FUNCTIONS = 12;

/** Keywords with a schema each below them, or a list of schemas. */
const NESTED = ['items', 'prefixItems', 'anyOf', 'oneOf', 'allOf'];
/** Keywords with named schemas below them that are not properties of this one. */
const DEFINITIONS = ['$defs', 'definitions'];

type Schema = Readonly<Record<string, unknown>>;

/**
 * Adds the functions of a request. The published rule ends at the first level of properties; here it
 * is applied to every level. Without the published form, a schema counts as it is written.
 */
export function addTools(
  prompt: PromptBuilder,
  tokenizer: TokenizerName,
  tools: readonly Tool[],
): void {
  for (const tool of tools) {
    prompt.addText(
      `${tool.name}:${withoutFullStop(tool.description)}`,
      TOKENS_PER_FUNCTION[tokenizer],
    );
    if (tool.custom?.type === 'grammar') prompt.addText(tool.custom.definition);
    else if (tool.inputSchema) addSchema(prompt, tool.inputSchema);
  }
  prompt.addTokens(TOKENS_AFTER_FUNCTIONS);
  prompt.markEstimated();
}

/** Not recursive: a caller's schema may be nested deeper than the stack goes. */
function addSchema(prompt: PromptBuilder, text: string): void {
  const root = parseSchema(text);
  if (root === undefined) {
    prompt.addText(text);
    return;
  }
  const pending = [root];
  for (let schema = pending.pop(); schema !== undefined; schema = pending.pop()) {
    const properties = Object.entries(record(schema.properties) ?? {});
    if (properties.length > 0) prompt.addTokens(TOKENS_PER_PROPERTIES);
    for (const [name, value] of properties) {
      const property = record(value) ?? {};
      addProperty(prompt, name, property);
      pending.push(property);
    }
    addBelow(pending, schema);
  }
}

function addProperty(prompt: PromptBuilder, name: string, property: Schema): void {
  const line = `${name}:${text(property.type)}:${withoutFullStop(text(property.description))}`;
  prompt.addText(line, TOKENS_PER_PROPERTY);
  if (!Array.isArray(property.enum)) return;
  prompt.addTokens(TOKENS_PER_ENUM);
  for (const item of property.enum) prompt.addText(text(item), TOKENS_PER_ENUM_ITEM);
}

/** Adds the schemas below one. There may be ten thousands: no list of them is made. */
function addBelow(pending: Schema[], schema: Schema): void {
  const add = (value: unknown): void => {
    const below = record(value);
    if (below !== undefined) pending.push(below);
  };
  for (const keyword of NESTED) {
    const nested = schema[keyword];
    if (Array.isArray(nested)) nested.forEach(add);
    else if (nested !== undefined) add(nested);
  }
  for (const keyword of DEFINITIONS) {
    const defined = record(schema[keyword]);
    if (defined !== undefined) Object.values(defined).forEach(add);
  }
}

function parseSchema(text: string): Schema | undefined {
  const reading = readJsonObject(text);
  if ('value' in reading) return reading.value;
  // Such as one that is nested too deep to be sent, and is counted nevertheless.
  try {
    return record(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function record(value: unknown): Schema | undefined {
  return isObject(value) ? value : undefined;
}

function text(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function withoutFullStop(description = ''): string {
  return description.endsWith('.') ? description.slice(0, -1) : description;
}
