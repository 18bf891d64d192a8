import { divideUp, larger } from '../../core/bigint.ts';
import { DAY_MS } from '../../core/clock.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { Model } from '../../core/model.ts';
import type { Usage } from '../../core/usage.ts';
import { longContextStep, pricesEndAt, type Rates, ratesOf } from './rates.ts';
import { type PossibleTiers, type PricedTier, priceListOf, tiersThatMayServe } from './tier.ts';

const FEMTO_PER_PICO = 1_000n;

/** For this lifetime, writing the cache has a price of its own. */
const LONG_TTL = '12h';

/** What the price of a token depends on beside its model and its class. */
export interface PriceFacts {
  /** The tier that served it, as the answer names it; empty: standard. */
  readonly serviceTier: string;
  /** Epoch ms. */
  readonly at: number;
  /** The least lifetime that was asked for of what is written to the cache. */
  readonly cacheTtl?: string | undefined;
  /** It was answered by the Batch API; its prices hold whatever the tier. */
  readonly batch?: boolean;
}

/** An attempt that is about to be made. */
export interface PlannedAttempt {
  readonly inputTokens: number;
  readonly request: MessageRequest;
  /** Epoch ms. */
  readonly at: number;
  /** It is made by the Batch API, whose prices hold whatever the tier. */
  readonly batch?: boolean;
}

/**
 * What usage costs, in pico-dollars; undefined if a price of it is not known. Exact for prices of up to
 * six decimals, and rounded half up once, at the end, for more.
 *
 * Images are billed as input tokens and are in the usage; so are reasoning and the predicted tokens
 * that did not occur in the answer, as output. Audio has prices of its own; what of it comes from the
 * cache is taken for text.
 */
export function costOf(usage: Usage, model: Model, facts: PriceFacts): bigint | undefined {
  const tier = facts.batch ? 'batch' : priceListOf(facts.serviceTier);
  const rates = tier && ratesOf(model, tier, usage.inputTokens, facts.at);
  if (rates === undefined) return undefined;
  // Where the parts exceed the whole, the dearer one counts.
  const written = Math.min(usage.cacheWriteTokens, usage.inputTokens);
  const read = Math.min(usage.cacheReadTokens, usage.inputTokens - written);
  const fresh = usage.inputTokens - written - read;
  const heard = Math.min(usage.audioInputTokens ?? 0, fresh);
  const spoken = Math.min(usage.audioOutputTokens ?? 0, usage.outputTokens);
  const parts = [
    times(fresh - heard, rates.input),
    times(heard, rates.audioInput),
    times(read, rates.cachedInput),
    times(written, writeRate(rates, facts.cacheTtl)),
    times(usage.outputTokens - spoken, rates.output),
    times(spoken, rates.audioOutput),
  ];
  let femto = 0n;
  for (const part of parts) {
    if (part === undefined) return undefined;
    femto += part;
  }
  return (femto + FEMTO_PER_PICO / 2n) / FEMTO_PER_PICO;
}

/**
 * The most that an attempt can cost with each of these numbers of output tokens at most, in pico-dollars, rounded up;
 * undefined if a price it may be billed at is not known. Nothing is taken to come from the cache, and
 * everything to be written to it where that is billed.
 */
export function mostCosts<Counts extends readonly number[]>(
  model: Model,
  attempt: PlannedAttempt,
  ...outputTokens: Counts
): { readonly [At in keyof Counts]: bigint } | undefined {
  const bounds = boundsOf(model, attempt);
  return bounds && (outputTokens.map((tokens) => mostOf(bounds, BigInt(tokens))) as never);
}

function mostOf(bounds: readonly Bound[], output: bigint): bigint {
  let most = 0n;
  for (const { prompt, outputToken } of bounds) most = larger(most, prompt + output * outputToken);
  return toPicoUp(most);
}

/**
 * The most output tokens with which an attempt costs at most so many pico-dollars: the largest whole
 * number (up to 2^53-1) for which `mostCosts` does not exceed it. Negative: not even the prompt is
 * affordable. Infinity: output is free, or its price not known.
 */
export function affordableOutput(model: Model, attempt: PlannedAttempt, pico: bigint): number {
  let most = Number.POSITIVE_INFINITY;
  for (const { prompt, outputToken } of boundsOf(model, attempt) ?? []) {
    most = Math.min(most, tokensWithin(pico * FEMTO_PER_PICO - prompt, outputToken));
  }
  return most;
}

/** Whether the model has prices in a service tier, by whichever name: of a request with so many input tokens, at a time in epoch ms. */
export function isSoldIn(model: Model, serviceTier: string, inputTokens: number, at: number) {
  const tier = priceListOf(serviceTier);
  return tier !== undefined && ratesOf(model, tier, inputTokens, at) !== undefined;
}

/**
 * The tier that serves a request as long as no answer says otherwise: the one that was asked for, but
 * for long prompts of models whose `priority` does not take them: `default` serves those.
 */
export function expectedTier(model: Model, request: MessageRequest, inputTokens: number): string {
  const { serviceTier = '' } = request;
  if (priceListOf(serviceTier) !== 'priority' || inputTokens <= longContextStep(model))
    return serviceTier;
  return model.prices?.longContext?.inPriority ? serviceTier : 'default';
}

/**
 * What a token of an attempt's input and of its output costs in the tier that is expected to serve it,
 * in pico-dollars, rounded up; undefined if that is not known.
 */
export function tokenPrices(
  model: Model,
  { inputTokens, request, at }: PlannedAttempt,
): { readonly input: bigint; readonly output: bigint } | undefined {
  const tier = priceListOf(expectedTier(model, request, inputTokens));
  const rates = tier && ratesOf(model, tier, inputTokens, at);
  if (rates?.input === undefined || rates.output === undefined) return undefined;
  return {
    input: toPicoUp(rates.input),
    output: toPicoUp(rates.output),
  };
}

/** A way in which an attempt may be billed, in femto-dollars. */
interface Bound {
  readonly prompt: bigint;
  readonly outputToken: bigint;
}

/** What is priced now may wait for limits, and is billed when it is sent: at most so much later. */
const LONGEST_WAIT_MS = DAY_MS;

/** At least one, of the prices of then too where they change soon; undefined as for `boundsAt`. */
function boundsOf(model: Model, attempt: PlannedAttempt): readonly Bound[] | undefined {
  const now = boundsAt(model, attempt);
  const changeAt = pricesEndAt(model, attempt.at);
  if (now === undefined || changeAt > attempt.at + LONGEST_WAIT_MS) return now;
  const then = boundsAt(model, { ...attempt, at: changeAt });
  return then && [...now, ...then];
}

/** At least one; undefined if one of them, or the tier that was asked for, has no known price. */
function boundsAt(model: Model, attempt: PlannedAttempt): readonly Bound[] | undefined {
  const tiers: PossibleTiers | undefined = attempt.batch
    ? { asked: 'batch' }
    : tiersThatMayServe(attempt.request.serviceTier ?? '');
  const asked = tiers && boundsIn(model, tiers.asked, attempt);
  const other = tiers?.other === undefined ? [] : boundsIn(model, tiers.other, attempt);
  if (asked === undefined || other === undefined || asked.length === 0) return undefined;
  return other.length === 0 ? asked : [...asked, ...other];
}

/**
 * As a short request with the longest prompt there is, and as a long one: the longer need not be the
 * dearer. None if the model is not sold in this tier.
 */
function boundsIn(
  model: Model,
  tier: PricedTier,
  { inputTokens, request, at }: PlannedAttempt,
): readonly Bound[] | undefined {
  const bounds: Bound[] = [];
  const short = Math.min(inputTokens, longContextStep(model));
  for (const length of short === inputTokens ? [short] : [short, inputTokens]) {
    const rates = ratesOf(model, tier, length, at);
    if (rates === undefined) continue;
    const inputToken = dearestInput(rates, request.promptCacheOptions?.ttl);
    if (inputToken === undefined || rates.output === undefined) return undefined;
    bounds.push({ prompt: BigInt(length) * inputToken, outputToken: rates.output });
  }
  return bounds;
}

function dearestInput(rates: Rates, ttl: string | undefined): bigint | undefined {
  const { input, cachedInput } = rates;
  const written = writeRate(rates, ttl);
  if (input === undefined || cachedInput === undefined || written === undefined) return undefined;
  return larger(input, larger(cachedInput, written));
}

function writeRate(rates: Rates, ttl: string | undefined): bigint | undefined {
  return ttl === LONG_TTL ? rates.cacheWrite12h : rates.cacheWrite;
}

/** Nothing costs nothing, whatever the rate. */
function times(tokens: number, rate: bigint | undefined): bigint | undefined {
  if (tokens === 0) return 0n;
  return rate === undefined ? undefined : BigInt(tokens) * rate;
}

/** How many tokens at `rate` fit into `rest`, rounded down. */
function tokensWithin(rest: bigint, rate: bigint): number {
  if (rate === 0n) return rest < 0n ? -1 : Number.POSITIVE_INFINITY;
  // Division of integers rounds towards 0.
  const tokens = rest < 0n ? (rest - rate + 1n) / rate : rest / rate;
  return Math.min(Number(tokens), Number.MAX_SAFE_INTEGER);
}

function toPicoUp(femto: bigint): bigint {
  return divideUp(femto, FEMTO_PER_PICO);
}
