import { isObject } from '../../core/is-object.ts';
import type { Tool } from '../../core/message.ts';
import type { TokenizerName } from '../../core/model.ts';
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
    pending.push(...schemasBelow(schema));
  }
}

function addProperty(prompt: PromptBuilder, name: string, property: Schema): void {
  const line = `${name}:${text(property.type)}:${withoutFullStop(text(property.description))}`;
  prompt.addText(line, TOKENS_PER_PROPERTY);
  if (!Array.isArray(property.enum)) return;
  prompt.addTokens(TOKENS_PER_ENUM);
  for (const item of property.enum) prompt.addText(text(item), TOKENS_PER_ENUM_ITEM);
}

function schemasBelow(schema: Schema): Schema[] {
  const nested = NESTED.flatMap((keyword) => schema[keyword]);
  const defined = DEFINITIONS.flatMap((keyword) => Object.values(record(schema[keyword]) ?? {}));
  return [...nested, ...defined].map(record).filter((below) => below !== undefined);
}

function parseSchema(text: string): Schema | undefined {
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
