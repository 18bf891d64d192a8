import { hash } from 'node:crypto';
import type { Call } from '../../core/call.ts';
import type { ContentPart, Message, MessageRequest, Tool } from '../../core/message.ts';
import { tenantOf } from '../../core/spender.ts';
import { canonical, canonicalJson } from './canonical.ts';

/** Whose answers a call may get. */
interface KeyOptions {
  /** See ResponseCacheOptions. */
  readonly share: 'project' | 'all';
  /** URL of the upstream that a call names: elsewhere the name may be another's. */
  readonly endpointOf: (upstream: string) => string;
}

/*
 * Every field of a request stands in exactly one of the two lists, held to by a test: one that is added
 * later must not be forgotten, or calls that differ in it would get each other's answers.
 */

/** Fields that can change the answer. */
export const DECIDING = [
  'messages',
  'model',
  'maxTokens',
  'temperature',
  'topP',
  'frequencyPenalty',
  'presencePenalty',
  'stop',
  'seed',
  'reasoningEffort',
  'reasoningSummary',
  'tools',
  'hostedTools',
  'maxToolCalls',
  'toolChoice',
  'parallelToolCalls',
  'responseFormat',
  // It is in the effective settings, which an answer from the cache tells, too.
  'taskType',
  'verbosity',
  'logitBias',
  'prediction',
  // An upstream that compacts says so in its answer; of other policies only the messages tell.
  'contextPolicy',
] as const satisfies readonly (keyof MessageRequest)[];

/** Fields that decide how, when and for whom an answer is made, not what it is. */
export const INDIFFERENT = [
  'serviceTier',
  'promptCacheKey',
  'promptCacheRetention',
  'promptCacheOptions',
  'safetyIdentifier',
  // Answers of a fallback are not kept.
  'fallbackModels',
  'cache',
  // The project that selects whose answers a call may get is told apart beside the request.
  'metadata',
  'idempotencyKey',
] as const satisfies readonly (keyof MessageRequest)[];

/**
 * Under which the answer of a call is kept: the same for calls that must get the same answer.
 *
 * @param call prepared for its target, which is part of it, and fitting its window
 */
export function cacheKey(call: Call, { share, endpointOf }: KeyOptions): string {
  const { upstream, target, model } = call;
  const tenant = share === 'all' ? '' : tenantOf(call);
  const deciding = pick({ ...normalised(call.request), model });
  return hash(
    'sha256',
    canonical([tenant, upstream, endpointOf(upstream), target.surface, deciding]),
    'base64url',
  );
}

/** The same for calls in which a caller has asked for the same, whatever was made of it since. */
export function askedKey(call: Call): string {
  const deciding = pick(normalised(call.asked));
  return hash('sha256', canonical([tenantOf(call), deciding]), 'base64url');
}

/** The values of the deciding fields. */
function pick(request: MessageRequest): Partial<MessageRequest> {
  const deciding: Record<string, unknown> = {};
  for (const field of DECIDING) {
    const value = request[field];
    if (value !== undefined) deciding[field] = value;
  }
  return deciding;
}

/** With what is the default left out, and the schemas' JSON in one form. */
function normalised(request: MessageRequest): MessageRequest {
  const { tools = [], hostedTools = [], responseFormat: format } = request;
  const defaultChoice = tools.length + hostedTools.length > 0 ? 'auto' : 'none';
  return {
    ...request,
    messages: request.messages.map(normalisedMessage),
    tools: tools.map(normalisedTool),
    ...drop('frequencyPenalty', request.frequencyPenalty === 0),
    ...drop('presencePenalty', request.presencePenalty === 0),
    ...drop('toolChoice', request.toolChoice === defaultChoice),
    ...drop('responseFormat', format?.type === 'text'),
    ...drop('contextPolicy', request.contextPolicy !== 'compact'),
    ...(format?.type === 'json_schema' && {
      responseFormat: { ...format, schema: canonicalJson(format.schema) },
    }),
  };
}

function normalisedMessage(message: Message): Message {
  const { content, toolCalls } = message;
  if (typeof content === 'string' && toolCalls === undefined) return message;
  return {
    ...message,
    content: typeof content === 'string' ? content : content.map(normalisedPart),
    ...(toolCalls && {
      // Their arguments stay as they are: the model reads the text.
      toolCalls: toolCalls.map((call) => ({ ...call, ...drop('kind', call.kind === 'function') })),
    }),
  };
}

function normalisedPart(part: ContentPart): ContentPart {
  if (part.type !== 'image') return part;
  return { ...part, ...drop('detail', part.detail === 'auto') };
}

function normalisedTool(tool: Tool): Tool {
  const { inputSchema } = tool;
  return inputSchema ? { ...tool, inputSchema: canonicalJson(inputSchema) } : tool;
}

/** What takes a field out where it says the default. */
function drop(field: string, isDefault: boolean): object {
  return isDefault ? { [field]: undefined } : {};
}
