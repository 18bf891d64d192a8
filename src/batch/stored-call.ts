import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Call } from '../core/call.ts';
import { newCallRecord } from '../core/call-record.ts';
import { Flow } from '../core/flow.ts';
import type { MessageRequest } from '../core/message.ts';
import { type Model, type Surface, unknownModel } from '../core/model.ts';
import type { Catalogue } from '../request/catalogue/catalogue.ts';

/** Of a request, what its answer is read and told with. */
const KEPT = [
  'maxTokens',
  'temperature',
  'topP',
  'frequencyPenalty',
  'presencePenalty',
  'reasoningEffort',
  'serviceTier',
  'verbosity',
  'taskType',
  'promptCacheRetention',
  'promptCacheOptions',
  'metadata',
] as const satisfies readonly (keyof MessageRequest)[];

interface StoredCall extends Pick<Call, 'upstream' | 'model' | 'applied' | 'warnings'> {
  readonly truncation?: NonNullable<Call['truncation']>;
  readonly modelId: string;
  /** Absent: the row of the catalogue. A fine-tuned or a declared model has its own price. */
  readonly ownModel?: Model;
  readonly surface: Surface;
  readonly request: Omit<MessageRequest, 'messages'>;
}

/** What is needed to read the answer to a prepared call, as text. */
export function storeCall(call: Call, catalogue: Pick<Catalogue, 'find'>): string {
  const { upstream, model, target, applied, warnings, truncation, request } = call;
  const { id } = target.model;
  const kept = KEPT.flatMap((name) =>
    request[name] === undefined ? [] : [[name, request[name]] as const],
  );
  const stored: StoredCall = {
    upstream,
    model,
    modelId: id,
    ...(catalogue.find(id) !== target.model && { ownModel: withoutTexts(target.model) }),
    surface: target.surface,
    applied,
    warnings,
    ...(truncation && { truncation }),
    request: {
      ...Object.fromEntries(kept),
      ...(request.tools && { tools: request.tools.map(({ name }) => ({ name })) }),
    },
  };
  return JSON.stringify(stored);
}

/** What is told of it to people, and what else it is called, is of no use to an answer. */
function withoutTexts(model: Model): Model {
  return { ...model, description: '', aliases: [], snapshots: [], sources: {} };
}

export interface RestoreFacts {
  readonly id: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly signal: AbortSignal;
  readonly catalogue: Pick<Catalogue, 'find'>;
}

/** The call, without its messages. Of a model that is in the catalogue no more, only its name is known. */
export function restoreCall(text: string, facts: RestoreFacts): Call {
  const { modelId, ownModel, surface, request: kept, ...same }: StoredCall = JSON.parse(text);
  const model = ownModel ?? facts.catalogue.find(modelId) ?? unknownModel(modelId);
  const request = { ...kept, messages: [] };
  return {
    ...same,
    id: facts.id,
    asked: request,
    request,
    violations: [],
    target: { model, surface },
    alternatives: [],
    key: 0,
    recovery: 'hold_back',
    signal: facts.signal,
    flow: new Flow(),
    deadline: Number.POSITIVE_INFINITY,
    context: ROOT_CONTEXT,
    record: newCallRecord(facts.startedAt),
    attempt: 1,
    onProgress: () => {},
    onHeadroom: () => {},
  };
}
