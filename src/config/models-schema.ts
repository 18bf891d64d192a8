import { z } from 'zod';
import { byModel, choice, filePath, group, token } from './fields.ts';
import { MAX_INT32, numberWithin } from './quantities.ts';
import { TASKS } from './tasks.ts';

const MAX_PROMPT_LENGTH = 65_536;

const SURFACES = ['chat_completions', 'responses'] as const;

/** Parameters of a request that a model may reject, by their names in TypeScript. */
const PARAMETERS = [
  'temperature',
  'topP',
  'frequencyPenalty',
  'presencePenalty',
  'stop',
  'seed',
  'logitBias',
  'prediction',
  'reasoningEffort',
  'verbosity',
  'tools',
  'parallelToolCalls',
] as const;

function tokens() {
  const error = `must be a whole number from 1 to ${MAX_INT32}`;
  return z.int({ error, abort: true }).min(1, error).max(MAX_INT32, error).exactOptional();
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

function listOf<T extends z.ZodType>(member: T) {
  return z.array(member, 'must be a list').exactOptional();
}

function flag() {
  return z.boolean('must be true or false').exactOptional();
}

function price() {
  const error = 'must be a decimal in quotes, such as "1.25"';
  return z.string(error).regex(/^[0-9]{1,9}(\.[0-9]{1,9})?$/, error);
}

function systemPrompt() {
  const error = `must be a text of 1 to ${MAX_PROMPT_LENGTH} characters`;
  return z
    .string(error)
    .min(1, error)
    .refine(
      (text) => text.length <= MAX_PROMPT_LENGTH || [...text].length <= MAX_PROMPT_LENGTH,
      error,
    )
    .meta({ maxLength: MAX_PROMPT_LENGTH })
    .exactOptional();
}

/** The fields of a catalogue's row that matter to a model that has none. */
const declared = group({
  pattern: token().describe('A model, or a pattern of models: `*` is any run of characters.'),
  contextWindow: tokens().describe('Tokens of prompt and answer together.'),
  maxInputTokens: tokens().describe('Most tokens of a prompt, where the window leaves more.'),
  maxOutputTokens: tokens().describe('Most tokens of an answer, reasoning included.'),
  surfaces: listOf(oneOf(SURFACES)).describe('The APIs over which the model is served.'),
  supports: group({
    images: flag(),
    tools: flag(),
    toolsOnChatCompletions: z
      .union(
        [z.boolean(), z.literal('without_reasoning')],
        'must be true, false or without_reasoning',
      )
      .exactOptional(),
    parallelToolCalls: flag(),
    structuredOutputs: flag(),
    jsonMode: flag(),
    predictedOutputs: flag(),
    promptCaching: flag(),
    customTools: flag(),
    applyPatch: flag(),
    shell: flag(),
    webSearch: flag(),
    fileSearch: flag(),
    codeInterpreter: flag(),
    imageGeneration: flag(),
    mcp: flag(),
    files: flag(),
  })
    .exactOptional()
    .describe('What the model can do. What is left out is not known, and then not refused.'),
  instructionRole: oneOf(['system', 'developer', 'user'])
    .exactOptional()
    .describe('The role that carries instructions.'),
  maxTokensField: oneOf(['max_tokens', 'max_completion_tokens'])
    .exactOptional()
    .describe('The name of the output limit in Chat Completions.'),
  reasoning: group({
    isReasoning: flag(),
    efforts: listOf(token()),
    defaultEffort: token().exactOptional(),
    sendBackAs: oneOf(['reasoning_content', 'reasoning']).exactOptional(),
  })
    .exactOptional()
    .describe(
      'Whether and with which efforts the model thinks, and in which field of a turn it wants its reasoning back: DeepSeek in reasoning_content.',
    ),
  rejects: listOf(oneOf(PARAMETERS)).describe('Parameters that the model answers 400 to.'),
  acceptsWithoutReasoning: listOf(oneOf(PARAMETERS)).describe(
    'Of these, the ones it takes while its effort is none.',
  ),
  tokenizer: oneOf(['o200k_base', 'cl100k_base'])
    .exactOptional()
    .describe('The tokenizer. Left out: counts are estimates.'),
  prices: group({
    standard: group({
      input: price(),
      cachedInput: price().exactOptional(),
      cacheWrite: price().exactOptional(),
      cacheWrite12h: price().exactOptional(),
      audioInput: price().exactOptional(),
      output: price().exactOptional(),
      audioOutput: price().exactOptional(),
    }),
  })
    .exactOptional()
    .describe(
      'Dollars per million tokens. A fine-tuned model (`ft:gpt-4o:acme:*`) has all else from its base.',
    ),
});

export const catalogueSchema = group({
  file: filePath()
    .exactOptional()
    .describe(
      'File that adds models and overrides figures; read again when it changes. No default.',
    ),
  unknownModels: choice(
    'Models that neither the catalogue knows nor declared names; auto refuses them at OpenAI and allows them elsewhere.',
    ['auto', 'refuse', 'allow'],
    'auto',
  ),
  shutDownModels: choice(
    'Calls at OpenAI to models that it shut down; redirect sends them to the replacement.',
    ['refuse', 'redirect'],
    'refuse',
  ),
  declared: z
    .array(declared, 'must be a list')
    .default([])
    .describe(
      'Models that the catalogue lacks, fine-tuned ones included; the first whose pattern fits counts; default [].',
    ),
});

const profile = group({
  temperature: numberWithin(0, 2).exactOptional(),
  maxTokens: tokens(),
  systemPrompt: systemPrompt(),
  reasoningEffort: token().exactOptional(),
  reasoningSummary: oneOf(['auto', 'concise', 'detailed']).exactOptional(),
});

const task = group({
  temperatureFactor: numberWithin(0, 10).exactOptional(),
  maxTokens: tokens(),
  systemPrompt: systemPrompt(),
  reasoningEffort: token().exactOptional(),
});

export const profilesSchema = byModel(profile.nullable())
  .default({})
  .describe(
    'Defaults by model or pattern of models; each replaces the built-in profile of its name, null switches it off; default {}.',
  );

export const tasksSchema = z
  .partialRecord(oneOf(TASKS), task.nullable(), 'must be a group of keys')
  .default({})
  .describe(
    'Adjustments by task type; each replaces the built-in one of its name, null switches it off; default {}.',
  );
