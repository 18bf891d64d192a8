import { audioOf, MAX_COUNT, type Usage } from '../../core/usage.ts';
import { type JsonRecord, recordOf } from '../values/json-record.ts';

/**
 * Where an API, and servers that only resemble it, put a count: the first place that holds one is
 * read. A path of two names is a field of a field.
 */
interface UsageNames {
  readonly input: readonly Path[];
  readonly output: readonly Path[];
  readonly cacheRead: readonly Path[];
  readonly cacheWrite: readonly Path[];
  readonly reasoning: readonly Path[];
}

/** The name of a field, and perhaps of one in it. */
interface Path {
  readonly name: string;
  readonly inner: string | undefined;
}

const paths = (...all: readonly string[]): readonly Path[] =>
  all.map((path) => {
    const [name = '', inner] = path.split('.');
    return { name, inner };
  });

const AUDIO = {
  input: paths('prompt_tokens_details.audio_tokens', 'input_tokens_details.audio_tokens'),
  output: paths('completion_tokens_details.audio_tokens', 'output_tokens_details.audio_tokens'),
} as const;

/** Anthropic's own, whose count of the input has neither; gateways leave them beside a count that has both. */
const ANTHROPIC = {
  cacheRead: paths('cache_read_input_tokens'),
  cacheWrite: paths('cache_creation_input_tokens'),
} as const;

const CHAT: UsageNames = {
  input: paths('prompt_tokens', 'input_tokens'),
  output: paths('completion_tokens', 'output_tokens'),
  cacheRead: paths(
    'prompt_tokens_details.cached_tokens',
    'input_tokens_details.cached_tokens',
    // DeepSeek
    'prompt_cache_hit_tokens',
    // Moonshot
    'cached_tokens',
    // Mistral
    'num_cached_tokens',
    // GigaChat
    'precached_prompt_tokens',
    'cache_read_input_tokens',
  ),
  cacheWrite: paths(
    'prompt_tokens_details.cache_write_tokens',
    'prompt_tokens_details.cache_creation_tokens',
    // DashScope
    'prompt_tokens_details.cache_creation_input_tokens',
    'input_tokens_details.cache_write_tokens',
    'cache_creation_input_tokens',
  ),
  reasoning: paths(
    'completion_tokens_details.reasoning_tokens',
    'output_tokens_details.reasoning_tokens',
    'reasoning_tokens',
  ),
};

const RESPONSES: UsageNames = {
  input: paths('input_tokens', 'prompt_tokens'),
  output: paths('output_tokens', 'completion_tokens'),
  cacheRead: [...paths('input_tokens_details.cached_tokens'), ...CHAT.cacheRead],
  cacheWrite: [...paths('input_tokens_details.cache_write_tokens'), ...CHAT.cacheWrite],
  reasoning: [...paths('output_tokens_details.reasoning_tokens'), ...CHAT.reasoning],
};

/** The `usage` of a Chat Completions chunk. */
export function toUsage(raw: unknown): Usage {
  return readUsage(recordOf(raw), CHAT);
}

/** The `usage` of a Responses answer. */
export function toResponsesUsage(raw: unknown): Usage {
  return readUsage(recordOf(raw), RESPONSES);
}

/**
 * The token counts of an answer, as far as they can be believed: a count that is negative, fractional,
 * not a number or greater than the whole it is part of reads 0, and so does a missing main count;
 * `estimated` is then set, unless the total says that the main counts are right. Absent details are 0 and no
 * cause for doubt: many compatible servers have none.
 */
function readUsage(usage: JsonRecord, names: UsageNames): Usage {
  let doubtful = false;
  const count = (value: unknown, most: number): number => {
    if (value === undefined) return 0;
    if (isCount(value, most)) return value;
    doubtful = true;
    return 0;
  };

  const input = find(usage, names.input);
  const output = find(usage, names.output);
  const details = {
    cacheRead: find(usage, names.cacheRead),
    cacheWrite: find(usage, names.cacheWrite),
    reasoning: find(usage, names.reasoning),
    audio: find(usage, AUDIO.input),
  };
  const said = {
    input: withCached(usage, count(input, MAX_COUNT)),
    output: count(output, MAX_COUNT),
  };
  const total = count(numberIn(usage.total_tokens) ?? undefined, MAX_COUNT);
  const beside = total - said.input - said.output;
  const isSure = !doubtful && total > 0 && beside === 0;
  const { isGuess = false, ...whole } = withWhatIsBeside(said, beside, details);
  const cacheReadTokens = count(details.cacheRead, whole.input);
  const cacheWriteTokens = count(details.cacheWrite, whole.input);
  const reasoningTokens = count(details.reasoning, whole.output);
  const audio = audioOf(
    count(details.audio, whole.input),
    count(find(usage, AUDIO.output), whole.output),
  );
  return {
    inputTokens: whole.input,
    outputTokens: whole.output,
    // Always the sum, as the contract says.
    totalTokens: Math.min(whole.input + whole.output, MAX_COUNT),
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens,
    ...audio,
    estimated: (doubtful && !isSure) || input === undefined || output === undefined || isGuess,
  };
}

/** More than all of it cannot be a part of it. */
function withCached(usage: JsonRecord, input: number): number {
  const { cacheRead, cacheWrite } = ANTHROPIC;
  const cached = sumOf(find(usage, cacheRead) ?? 0, find(usage, cacheWrite) ?? 0);
  return cached > input && input + cached <= MAX_COUNT ? input + cached : input;
}

/** 0 unless both are counts. */
function sumOf(a: unknown, b: unknown): number {
  return isCount(a) && isCount(b) ? a + b : 0;
}

/**
 * So many times the output cannot be a part of it that was counted another way: who guesses the reasoning is off by
 * a third.
 */
const FAR = 2;

interface MainCounts {
  readonly input: number;
  readonly output: number;
  readonly isGuess?: boolean;
}

/**
 * Some servers count a part beside its whole and not in it, which the total shows: xAI reasoning, Mistral audio, some in
 * front of Anthropic's models what was read from the cache or written to it. What nothing explains are the thoughts
 * of Gemini, which are billed as output. Vercel's gateway leaves these out of the total, too.
 *
 * @param beside tokens of the total that are in neither count
 */
function withWhatIsBeside(
  { input, output }: MainCounts,
  beside: number,
  details: Readonly<Record<'cacheRead' | 'cacheWrite' | 'reasoning' | 'audio', unknown>>,
): MainCounts {
  const { reasoning, audio, cacheRead = 0, cacheWrite = 0 } = details;
  if (beside === 0 && isCount(reasoning, MAX_COUNT - output) && reasoning > FAR * output) {
    return { input, output: output + reasoning, isGuess: true };
  }
  if (beside <= 0) return { input, output };
  if (beside === reasoning) return { input, output: output + beside };
  const cached = sumOf(cacheRead, cacheWrite);
  const isInput = beside === audio || beside === cached || beside === cacheRead;
  if (isInput) return { input: input + beside, output };
  // Without an input it may as well be that.
  return input === 0 ? { input, output } : { input, output: output + beside, isGuess: true };
}

function find(usage: JsonRecord, places: readonly Path[]): unknown {
  for (const { name, inner } of places) {
    const outer = usage[name];
    const value = inner === undefined || outer === undefined ? outer : recordOf(outer)[inner];
    if (value !== undefined && value !== null) return numberIn(value);
  }
  return undefined;
}

/** Some gateways write their counts as text. */
function numberIn(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
}

export function isCount(value: unknown, most: number = MAX_COUNT): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
}
