import { z } from 'zod';
import { flag, group, token } from '../../config/fields.ts';
import { duration, MAX_INT32, optionalWholeNumber, wholeNumber } from '../../config/quantities.ts';
import { HOUR, MINUTE } from '../../config/units.ts';
import { FAULT_NAMES } from './fault-names.ts';
import { isTextPattern } from './text-pattern.ts';

/** A file that says what the simulator answers: every key once, with type, default and meaning. */

const MAX_RULES = 1_000;
const MAX_TEXT = 1_048_576;
const MAX_PIECES = 100_000;

function text(meaning: string) {
  const error = `must be a text of at most ${MAX_TEXT} characters`;
  return z.string(error).max(MAX_TEXT, error).exactOptional().describe(meaning);
}

function listOf<T extends z.ZodType>(member: T, most: number) {
  const error = `must be a list of at most ${most}`;
  return z.array(member, error).max(most, error);
}

function pattern(meaning: string) {
  const error = 'must be a text, or a regular expression between slashes, such as /wea?ther/i';
  return z.string(error).refine(isTextPattern, error).exactOptional().describe(meaning);
}

function oneOf<const T extends readonly [string, ...string[]]>(meaning: string, values: T) {
  return z
    .enum(values, `must be one of ${values.join(', ')}`)
    .exactOptional()
    .describe(`${meaning} One of ${values.join(', ')}.`);
}

function tokens(meaning: string) {
  return optionalWholeNumber(meaning, { min: 0, max: MAX_INT32 });
}

function pause(meaning: string) {
  return duration(meaning, { min: 0, max: HOUR, default: 0 });
}

const when = group({
  model: text('The model that is asked for; `*` is any run of characters, `?` any one.'),
  message: pattern('In the text of the last message, or a regular expression between slashes.'),
  role: oneOf('Of the last message.', ['user', 'assistant', 'tool', 'system', 'developer']),
  tool: text('The request offers a tool of this name, in which `*` and `?` have their meaning.'),
  calledTool: text('The last message brings what a tool of this name said, `*` and `?` as above.'),
  api: oneOf('Over which the request came.', ['chat_completions', 'responses', 'batch']),
}).prefault({});

const toolCall = group({
  name: z.string('must be the name of a tool').min(1, 'must be the name of a tool'),
  arguments: z
    .union(
      [z.string(), z.record(z.string(), z.unknown())],
      'must be a group of keys, or a text of any content',
    )
    .prefault({})
    .describe('A group of keys, or a text that goes out as it is. Default: none.'),
  id: text('Default: made from the id of the answer.'),
  custom: flag('A custom tool, whose arguments are a text.', false),
});

const usage = group({
  inputTokens: tokens('Of the prompt.'),
  cachedTokens: tokens('Of these, read from the cache.'),
  cacheWriteTokens: tokens('Of these, written to the cache.'),
  outputTokens: tokens('Of the answer.'),
  reasoningTokens: tokens('Of these, for reasoning.'),
});

const replyFields = group({
  text: text(
    'Streamed word by word. Default: a greeting, unless there are tool calls or a refusal.',
  ),
  pieces: listOf(z.string('must be a text').max(MAX_TEXT), MAX_PIECES)
    .exactOptional()
    .describe('The text in the pieces in which it is streamed.'),
  reasoning: text('Streamed before the text, as compatible servers do.'),
  refusal: text('In the place of a text.'),
  toolCalls: listOf(toolCall, 128).exactOptional(),
  finishReason: oneOf('Default: tool_calls if there are any, else stop.', [
    'stop',
    'length',
    'tool_calls',
    'content_filter',
  ]),
  usage: usage
    .exactOptional()
    .describe('Default: a token for each four characters asked, and for each piece answered.'),
  model: text('That the answer names. Default: the one that was asked for.'),
  serviceTier: text('Default: default.'),
});

const reply = z
  .union(
    [
      z
        .string()
        .max(MAX_TEXT)
        .transform((said) => ({ text: said })),
      replyFields,
    ],
    'must be a text, or a group of keys',
  )
  .exactOptional()
  .describe('A text, or a group of keys. Default: a greeting.');

const faultName = z.union(
  [z.int().min(400).max(599), z.enum(FAULT_NAMES)],
  `must be a status from 400 to 599, or one of ${FAULT_NAMES.join(', ')}`,
);

const faultFields = group({
  name: faultName,
  after: wholeNumber('Pieces that are written before it strikes.', {
    min: 0,
    max: MAX_PIECES,
    default: 2,
  }),
  bytes: optionalWholeNumber('Of `slow`, by default 1; of `huge`, by default 1048576.', {
    min: 1,
    max: 64 * 1024 * 1024,
  }),
  every: duration('Between the bytes of `slow`.', { min: 0, max: MINUTE, default: 20 }),
  message: text('Of the error.'),
  code: text('Of the error. Default: what OpenAI has for the status.'),
  type: text('Of the error. Default: what OpenAI has for the status.'),
  param: text('Of the error. Default: none.'),
  retryAfter: duration('Sent as retry-after-ms and retry-after with a status; 0: neither.', {
    min: 0,
    max: HOUR,
    default: 0,
  }),
});

const fault = z
  .union(
    [faultName.transform((name) => faultFields.parse({ name })), faultFields],
    `must be a group with a name, a status from 400 to 599, or one of ${FAULT_NAMES.join(', ')}`,
  )
  .exactOptional()
  .describe('A name or a status, or a group with the name and more. Default: none.');

const rule = group({
  when: when.describe('What a request must be; all of it. Default: any.'),
  times: optionalWholeNumber('So many requests; those after them go on to the next rule.', {
    min: 1,
    max: MAX_INT32,
  }),
  delay: group({
    headers: pause('Before the headers.'),
    firstPiece: pause('Between them and the first piece.'),
    piece: pause('Between two pieces.'),
  })
    .prefault({})
    .describe('Silence, after a request has arrived.'),
  reply,
  fault,
});

const listedModel = z.union(
  [
    token().transform((id) => ({ id })),
    group({
      id: token(),
      shutdownDate: z.iso.date('must be a day, such as 2027-01-14').exactOptional(),
    }),
  ],
  'must be the name of a model, or a group with its id',
);

const TIME_ERROR = 'must be now, or a time such as 2026-01-01T00:00:00Z';

export const scriptSchema = group({
  seed: wholeNumber('What ids are made from, beside the request.', {
    min: 0,
    max: MAX_INT32,
    default: 0,
  }),
  time: z
    .union([z.literal('now'), z.iso.datetime(TIME_ERROR)], TIME_ERROR)
    .default('2026-01-01T00:00:00Z')
    .describe(
      'What answers say for their time, always the same; `now`: the time that it is. The day decides which models are shut down.',
    ),
  strict: flag('Refuse what OpenAI would refuse, models that it does not have included.', true),
  apiKeys: listOf(token(), 100)
    .exactOptional()
    .describe('A request must bring one of them. Default: any, or none.'),
  models: listOf(listedModel, 1_000)
    .prefault(['gpt-4o', 'gpt-4o-mini', 'gpt-5.4', 'gpt-6-sol'])
    .describe('What GET /v1/models lists.'),
  batches: group({
    validate: pause('How long a batch is looked at.'),
    work: pause('How long it takes behind that.'),
    cancel: pause('How long it takes to stop.'),
  })
    .prefault({})
    .describe('The pace of batches; the rules say what becomes of their requests.'),
  rules: listOf(rule, MAX_RULES)
    .prefault([])
    .describe('The first that fits a request answers it; where none does, a greeting.'),
});

export type Script = z.output<typeof scriptSchema>;
export type Rule = Script['rules'][number];
export type When = Rule['when'];
export type Reply = z.output<typeof replyFields>;
export type FaultFields = z.output<typeof faultFields>;
