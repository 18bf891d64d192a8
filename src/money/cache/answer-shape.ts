import type {
  AnnotationEvent,
  EffectiveSettings,
  FinishReason,
  HostedToolEvent,
  Output,
  ReasoningDelta,
  RefusalDelta,
  TextDelta,
  ToolCallDelta,
} from '../../core/events.ts';
import { isObject } from '../../core/is-object.ts';
import type { ReasoningItem, TaskType, ToolCall, ToolKind } from '../../core/message.ts';
import type { Surface } from '../../core/model.ts';
import { type Cost, MAX_COUNT } from '../../core/usage.ts';
import type { AnswerEnd, StoredAnswer } from './stored-answer.ts';

type Check = (value: unknown) => boolean;

/** Every field of a type has its check, one that may be absent too: a field that is added does not compile without. */
type Fields<T> = { readonly [Name in keyof Required<T>]: Check };

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isNumber: Check = Number.isFinite;
const isCount: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_COUNT;

function maybe(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** One of these words. */
function wordOf<Word extends string>(words: Readonly<Record<Word, unknown>>): Check {
  return (value) => typeof value === 'string' && Object.hasOwn(words, value);
}

/** An object with these fields. */
function objectWith<T>(fields: Fields<T>): Check {
  const checks = Object.entries<Check>(fields);
  return (value) => isObject(value) && checks.every(([name, check]) => check(value[name]));
}

/** An object with these fields and no others: all of it goes into what the caller is told. */
function onlyWith<T>(fields: Fields<T>): Check {
  const isWhole = objectWith(fields);
  return (value) =>
    isWhole(value) && Object.keys(value as object).every((name) => Object.hasOwn(fields, name));
}

const TOOL_KINDS: Readonly<Record<ToolKind, true>> = {
  function: true,
  custom: true,
  apply_patch: true,
  shell: true,
  mcp_approval: true,
};
const TASK_TYPES: Readonly<Record<TaskType, true>> = {
  code_generation: true,
  code_review: true,
  reasoning: true,
  analysis: true,
  documentation: true,
  testing: true,
  debugging: true,
  planning: true,
};
const SURFACES: Readonly<Record<Surface, true>> = { chat_completions: true, responses: true };
const FINISH_REASONS: Readonly<Record<FinishReason, true>> = {
  stop: true,
  length: true,
  tool_calls: true,
  content_filter: true,
  error: true,
};

const isToolKind = wordOf(TOOL_KINDS);

const isSettings = objectWith<EffectiveSettings>({
  model: isText,
  maxTokens: maybe(isCount),
  temperature: maybe(isNumber),
  topP: maybe(isNumber),
  frequencyPenalty: maybe(isNumber),
  presencePenalty: maybe(isNumber),
  reasoningEffort: maybe(isText),
  reasoningSummary: maybe(isText),
  serviceTier: maybe(isText),
  verbosity: maybe(isText),
  profile: maybe(isText),
  taskType: maybe(wordOf(TASK_TYPES)),
  api: wordOf(SURFACES),
  systemPromptAdded: isFlag,
});

const isStarted = onlyWith<StoredAnswer['started']>({
  responseId: isText,
  model: isText,
  effectiveSettings: isSettings,
  target: isText,
});

const isToolCall = objectWith<ToolCall>({
  id: isText,
  name: isText,
  arguments: isText,
  kind: maybe(isToolKind),
  providerData: maybe(isText),
});

const isReasoningItem = objectWith<ReasoningItem>({
  id: isText,
  encryptedContent: isText,
  summary: listOf(isText),
  type: maybe(isText),
});

const isEnd = onlyWith<AnswerEnd>({
  type: wordOf({ completed: true }),
  finishReason: wordOf(FINISH_REASONS),
  rawFinishReason: isText,
  toolCalls: listOf(isToolCall),
  reasoningItems: listOf(isReasoningItem),
  providerData: maybe(isText),
  model: isText,
  target: isText,
  serviceTier: isText,
  systemFingerprint: isText,
});

const OUTPUTS: Readonly<Record<Output['type'], Check>> = {
  textDelta: objectWith<TextDelta>({
    type: isText,
    text: isText,
    outputTokensSoFar: isCount,
    phase: maybe(isText),
  }),
  reasoningDelta: objectWith<ReasoningDelta>({ type: isText, text: isText }),
  refusalDelta: objectWith<RefusalDelta>({ type: isText, text: isText }),
  toolCallDelta: objectWith<ToolCallDelta>({
    type: isText,
    index: isCount,
    id: isText,
    name: isText,
    argumentsFragment: isText,
    kind: maybe(isToolKind),
  }),
  hostedTool: objectWith<HostedToolEvent>({
    type: isText,
    id: isText,
    tool: isText,
    status: isText,
    detail: isText,
    data: maybe(isText),
    mediaType: maybe(isText),
  }),
  annotation: objectWith<AnnotationEvent>({
    type: isText,
    url: isText,
    title: isText,
    start: isCount,
    end: isCount,
    kind: isText,
    fileId: maybe(isText),
    containerId: maybe(isText),
  }),
};

const isOutputType = wordOf(OUTPUTS);
const isOutput: Check = (value) =>
  isObject(value) && isOutputType(value.type) && OUTPUTS[value.type as Output['type']](value);

const isCost = objectWith<Cost>({
  picoDollars: (value) => typeof value === 'bigint' && value >= 0n,
  catalogueVersion: isText,
  estimated: isFlag,
  unpriced: isFlag,
});

/** What a caller is told must be of its type, whoever wrote it: what is not cannot be put on the wire. */
export const isStoredAnswer: (value: unknown) => value is StoredAnswer = objectWith<StoredAnswer>({
  started: isStarted,
  deltas: listOf(isOutput),
  end: isEnd,
  cost: maybe(isCost),
}) as (value: unknown) => value is StoredAnswer;
