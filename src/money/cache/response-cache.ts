import { isSpanContextValid, trace } from '@opentelemetry/api';
import type { Call } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import { spenderOf } from '../../core/spender.ts';
import type { Catalogue } from '../../request/catalogue/catalogue.ts';
import { accepts, effectiveEffort } from '../../request/fit/accepts.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { toDollars } from '../pricing/money.ts';
import type { CacheSelection } from './answer-store.ts';
import { KeptAnswers, type KeptAnswersDeps } from './kept-answers.ts';
import { cacheKey } from './key.ts';
import type { CacheRule, ResponseCacheOptions } from './options.ts';
import { AnswerRecorder } from './recorder.ts';
import { NO_USAGE } from './replay.ts';
import { ruleOf } from './rules.ts';
import { decodeAnswer, encodeAnswer, type StoredAnswer } from './stored-answer.ts';

export interface ResponseCacheDeps extends KeptAnswersDeps {
  readonly ledger: Ledger;
  /** The catalogue of the moment. */
  readonly catalogue: () => Pick<Catalogue, 'version' | 'find'>;
  readonly instruments: Pick<Instruments, 'cacheHits' | 'cacheMisses' | 'cacheSaved'> &
    KeptAnswersDeps['instruments'];
  /** URL of an upstream, by its name. */
  readonly endpointOf: (upstream: string) => string;
}

/** How the response cache stands. */
export interface CacheStatus {
  /** Answers in it. */
  readonly entries: number;
  /** Their size. */
  readonly bytes: number;
  /** Calls that it answered since the process started. */
  readonly hits: number;
  /** Calls that it could not answer. */
  readonly misses: number;
}

/** A call that is being answered by an upstream, and whose answer may be kept. */
export interface PendingEntry {
  readonly recorder: AnswerRecorder;
  /**
   * Keeps the answer if it is whole, unfiltered and of the first choice of route. Returns the key under
   * which it stands; undefined if it is not kept.
   */
  keep(completed: Completed): string | undefined;
}

/** Answers that were given before, for calls that ask the same. */
export class ResponseCache {
  readonly #options: ResponseCacheOptions;
  readonly #deps: ResponseCacheDeps;
  readonly #kept: KeptAnswers;
  readonly #ruleOf: (call: Call) => CacheRule;

  /** @param kept shared with caches that have other options. Default: its own */
  constructor(
    options: ResponseCacheOptions,
    deps: ResponseCacheDeps,
    kept: KeptAnswers = new KeptAnswers(options, deps),
  ) {
    this.#options = options;
    this.#deps = deps;
    this.#ruleOf = ruleOf(options);
    this.#kept = kept;
  }

  /** Whether it is there for such a call. */
  isFor(call: Call): boolean {
    return this.#ruleOf(call).enabled;
  }

  /** Whether it may answer such a call: what is sampled freely has many right answers. */
  takes(call: Call): boolean {
    const { request, target } = call;
    const { model } = target;
    if (!this.#ruleOf(call).deterministicOnly || request.temperature === 0) return true;
    return !accepts(model, 'temperature', effectiveEffort(request, model));
  }

  keyOf(call: Call): string {
    const { share } = this.#options;
    return cacheKey(call, { share, endpointOf: this.#deps.endpointOf });
  }

  /** The answer to a call, booked as answered from here; undefined if there is none, or it wants a new one. */
  async find(key: string, call: Call): Promise<StoredAnswer | undefined> {
    const { cacheHits, cacheMisses, cacheSaved } = this.#deps.instruments;
    // Of one that is to be made anew it is asked, too, what the generation is.
    const bytes = await this.#kept.store.get(key);
    if (call.asked.cache?.mode === 'refresh') return undefined;
    const answer = bytes && decodeAnswer(bytes);
    // It may have been kept under a rule of before: what is kept outlives the configuration.
    if (answer === undefined || !this.#mayBeGiven(call, answer)) {
      this.#kept.misses += 1;
      cacheMisses.add(1);
      return undefined;
    }
    this.#kept.hits += 1;
    cacheHits.add(1);
    if (answer.cost) cacheSaved.add(toDollars(answer.cost.picoDollars));
    this.#book(call, answer);
    return answer;
  }

  /** To be called before the upstream is asked. */
  open(key: string, call: Call): PendingEntry {
    const recorder = new AnswerRecorder(this.#options.maxBytes);
    const { model } = call.record;
    const { generation } = this.#kept.store;
    return {
      recorder,
      keep: (completed) => {
        const isFirstChoice = completed.target === call.upstream && call.record.model === model;
        if (!isFirstChoice || !isWhole(completed)) return undefined;
        // One that says nothing is a mishap more often than an answer, and costs little to be made again.
        const isNone = recorder.isRefusal || recorder.isEmpty;
        const answer = isNone ? undefined : recorder.take(completed, call.record);
        if (answer === undefined || !this.#mayBeGiven(call, answer)) return undefined;
        return this.#keep(key, call, answer, generation) ? key : undefined;
      },
    };
  }

  /**
   * Takes answers out. Returns how many.
   *
   * @throws ProviderError if the store does not say that they are out
   */
  async invalidate(selection: CacheSelection): Promise<number> {
    const { store } = this.#kept;
    try {
      if (selection.type !== 'model') return await store.invalidate(selection);
      const model = this.#deps.catalogue().find(selection.model)?.id ?? selection.model;
      return await store.invalidate({ ...selection, model });
    } catch (cause) {
      throw new ProviderError('SERVICE_UNAVAILABLE', {
        message: 'The store of the response cache does not answer: answers may still be in it.',
        cause,
      });
    }
  }

  status(): CacheStatus {
    const { entries, bytes } = this.#kept.store.size();
    return { entries, bytes, hits: this.#kept.hits, misses: this.#kept.misses };
  }

  /** What tools found may be another now, and what they did is done. */
  #mayBeGiven(call: Call, answer: StoredAnswer): boolean {
    return this.#ruleOf(call).allowToolCalls || !usesTools(answer);
  }

  #keep(key: string, call: Call, answer: StoredAnswer, generation: string | undefined): boolean {
    const bytes = encodeAnswer(answer);
    const { projectId } = spenderOf(call);
    const ttlMs = call.asked.cache?.ttlMs ?? this.#ruleOf(call).ttlMs;
    const entry = { bytes, model: call.target.model.id, projectId };
    return this.#kept.store.set(key, entry, ttlMs, generation);
  }

  /** Into the ledger, as something that was asked and cost nothing. */
  #book(call: Call, { end }: StoredAnswer): void {
    const { clock, ledger, catalogue } = this.#deps;
    const { id: model } = call.target.model;
    const { upstream } = call;
    const span = trace.getSpanContext(call.context);
    const catalogueVersion = catalogue().version;
    const startedAt = clock.now();
    const entry = ledger.open({
      callId: call.id,
      traceId: span !== undefined && isSpanContextValid(span) ? span.traceId : '',
      attempt: 0,
      upstream,
      ...spenderOf(call),
      inputTokens: 0,
      startedAt,
      catalogueVersion,
    });
    entry.settle({
      attempt: 0,
      upstream,
      model,
      usage: NO_USAGE,
      cost: { picoDollars: 0n, catalogueVersion, estimated: false, unpriced: false },
      serviceTier: end.serviceTier,
      outcome: 'cached',
      startedAt,
      endedAt: startedAt,
    });
  }
}

/** And what the model had to say: not cut off, not filtered. */
function isWhole({ finishReason }: Completed): boolean {
  return finishReason === 'stop' || finishReason === 'tool_calls';
}

/** It calls tools, or the upstream ran some for it. */
function usesTools({ deltas, end }: StoredAnswer): boolean {
  const { finishReason, toolCalls } = end;
  if (finishReason === 'tool_calls' || toolCalls.length > 0) return true;
  return deltas.some(({ type }) => type === 'hostedTool');
}
