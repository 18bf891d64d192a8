import { z } from 'zod';
import { MODEL_PARAMETERS } from '../../core/model.ts';
import { MAX_COUNT } from '../../core/usage.ts';
import { isModelName } from '../validate/text.ts';
import type { ModelFields } from './merge.ts';

/** A row as it is written: what it leaves out is taken from the row it overrides, or not known. */
export type CatalogueRow = ModelFields & { readonly id: string };

export interface CatalogueData {
  readonly version: string;
  readonly models: readonly CatalogueRow[];
}

const name = z
  .string()
  .refine(isModelName, 'must be 1 to 256 characters without control characters');
const names = z.array(name);
const textError = 'must be 1 to 256 characters';
const text = z.string().min(1, textError).max(256, textError);
const day = z.iso.date('must be a day, written 2027-01-14');
const tokensError = `must be a whole number from 1 to ${MAX_COUNT}`;
const tokens = z.int(tokensError).min(1, tokensError).max(MAX_COUNT, tokensError);
const flag = z.boolean().exactOptional();

const price = z
  .string('must be a decimal in quotes: "1.25"')
  .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal: "1.25"');
const tokenPrices = z.strictObject({
  input: price,
  cachedInput: price.exactOptional(),
  cacheWrite: price.exactOptional(),
  cacheWrite12h: price.exactOptional(),
  audioInput: price.exactOptional(),
  audioOutput: price.exactOptional(),
  output: price.exactOptional(),
});
const prices = z.strictObject({
  currency: z.literal('USD').exactOptional(),
  standard: tokenPrices.exactOptional(),
  longContext: tokenPrices
    .extend({ aboveInputTokens: tokens, inPriority: flag.exactOptional() })
    .exactOptional(),
  batch: tokenPrices.exactOptional(),
  flex: tokenPrices.exactOptional(),
  priority: tokenPrices.exactOptional(),
  regionalFactor: price.exactOptional(),
  promisedUntil: day.exactOptional(),
  tools: z
    .record(z.string().min(1).max(64), price, 'must be prices by the name of a tool')
    .exactOptional(),
  history: z.array(tokenPrices.extend({ until: day })).exactOptional(),
});

const parameters = z.array(z.enum(MODEL_PARAMETERS));
const supports = z.strictObject({
  streaming: flag,
  images: flag,
  tools: flag,
  toolsOnChatCompletions: z
    .union(
      [z.boolean(), z.literal('without_reasoning')],
      'must be true, false or without_reasoning',
    )
    .exactOptional(),
  parallelToolCalls: flag,
  structuredOutputs: flag,
  jsonMode: flag,
  predictedOutputs: flag,
  promptCaching: flag,
  customTools: flag,
  applyPatch: flag,
  shell: flag,
  webSearch: flag,
  fileSearch: flag,
  codeInterpreter: flag,
  imageGeneration: flag,
  mcp: flag,
  files: flag,
});
const reasoning = z.strictObject({
  isReasoning: flag,
  efforts: z.array(text).exactOptional(),
  defaultEffort: text.exactOptional(),
  sendBackAs: z.enum(['reasoning_content', 'reasoning']).exactOptional(),
});

/** What may be said of a model, in a row of a catalogue or where one is declared. */
export const modelFieldsSchema = z.strictObject({
  name: name.exactOptional(),
  description: z.string().max(1024, 'must be at most 1024 characters').exactOptional(),
  aliases: names.exactOptional(),
  snapshots: names.exactOptional(),
  shutdownDate: day.exactOptional(),
  replacement: name.exactOptional(),
  contextWindow: tokens.exactOptional(),
  maxInputTokens: tokens.exactOptional(),
  maxOutputTokens: tokens.exactOptional(),
  surfaces: z.array(z.enum(['chat_completions', 'responses'])).exactOptional(),
  batch: flag,
  capabilities: z.array(z.enum(['text', 'code', 'reasoning', 'embeddings'])).exactOptional(),
  supports: supports.exactOptional(),
  instructionRole: z.enum(['system', 'developer', 'user']).exactOptional(),
  maxTokensField: z.enum(['max_tokens', 'max_completion_tokens']).exactOptional(),
  reasoning: reasoning.exactOptional(),
  rejects: parameters.exactOptional(),
  acceptsWithoutReasoning: parameters.exactOptional(),
  tokenizer: z.enum(['o200k_base', 'cl100k_base']).exactOptional(),
  tokenizerAssumed: flag,
  knowledgeCutoff: day.exactOptional(),
  prices: prices.exactOptional(),
  sources: z.record(z.string(), z.array(text)).exactOptional(),
}) satisfies z.ZodType<ModelFields>;

/** A catalogue file, the built-in one too. */
export const catalogueSchema = z.strictObject({
  /** Changes with every change of the file. */
  version: text,
  /** What the codes in `sources` of the rows stand for. */
  sources: z.record(z.string(), z.string()).exactOptional(),
  models: z.array(modelFieldsSchema.extend({ id: name })),
}) satisfies z.ZodType<CatalogueData>;
