import { divideUp } from '../../core/bigint.ts';
import { DAY_MS } from '../../core/clock.ts';
import type { Model, ModelPrices, TokenPrices } from '../../core/model.ts';
import type { PricedTier } from './tier.ts';

/**
 * What one token of each class costs, in femto-dollars (10^-15 USD): a price per million tokens of up
 * to nine decimals is a whole number of them. Undefined: not known.
 */
export interface Rates {
  readonly input: bigint | undefined;
  readonly cachedInput: bigint | undefined;
  readonly cacheWrite: bigint | undefined;
  readonly cacheWrite12h: bigint | undefined;
  readonly audioInput: bigint | undefined;
  readonly output: bigint | undefined;
  readonly audioOutput: bigint | undefined;
}

interface PriceList {
  readonly short: Rates;
  /** For the whole request once its input is beyond the step. Absent: not sold. */
  readonly long?: Rates;
}

interface ModelRates {
  /** Most input tokens of a short request. */
  readonly step: number;
  readonly today: Readonly<Record<PricedTier, PriceList | undefined>>;
  /** Oldest first. */
  readonly past: readonly { readonly untilMs: number; readonly standard: PriceList }[];
}

const DECIMALS = 9;

const parsed = new WeakMap<Model, ModelRates>();

/**
 * The rates of a request with so many input tokens at a time in epoch ms; undefined if none are known.
 * Of the past, only standard prices are.
 */
export function ratesOf(
  model: Model,
  tier: PricedTier,
  inputTokens: number,
  at: number,
): Rates | undefined {
  const rates = modelRates(model);
  if (rates === undefined) return undefined;
  const list = listAt(rates, tier, at);
  return inputTokens > rates.step ? list?.long : list?.short;
}

/** Most input tokens that are billed as a short request; Infinity if there is no such step. */
export function longContextStep(model: Model): number {
  return model.prices?.longContext?.aboveInputTokens ?? Number.POSITIVE_INFINITY;
}

/** When the prices of a time, in epoch ms, are over, as far as that is known; else Infinity. */
export function pricesEndAt(model: Model, at: number): number {
  return (
    modelRates(model)?.past.find(({ untilMs }) => at < untilMs)?.untilMs ?? Number.POSITIVE_INFINITY
  );
}

function listAt({ past, today }: ModelRates, tier: PricedTier, at: number): PriceList | undefined {
  const period = past.find(({ untilMs }) => at < untilMs);
  if (period === undefined) return today[tier];
  return tier === 'standard' ? period.standard : undefined;
}

/** Parses once per model: a catalogue that changes has new ones. */
function modelRates(model: Model): ModelRates | undefined {
  if (model.prices === undefined) return undefined;
  let rates = parsed.get(model);
  if (rates === undefined) {
    rates = parsePrices(model.prices, longContextStep(model));
    parsed.set(model, rates);
  }
  return rates;
}

function parsePrices(prices: ModelPrices, step: number): ModelRates {
  const standard = parseRates(prices.standard);
  const long = prices.longContext && parseRates(prices.longContext);
  const bothLengths = (tokens: TokenPrices): PriceList => {
    const short = parseRates(tokens);
    return long === undefined ? { short } : { short, long: inProportion(short, long, standard) };
  };
  return {
    step,
    today: {
      standard: { short: standard, ...(long && { long }) },
      batch: prices.batch && bothLengths(prices.batch),
      flex: prices.flex && bothLengths(prices.flex),
      priority:
        prices.priority &&
        (prices.longContext?.inPriority
          ? bothLengths(prices.priority)
          : { short: parseRates(prices.priority) }),
    },
    past: prices.history.map(({ until, ...tokens }) => ({
      untilMs: Date.parse(until) + DAY_MS,
      standard: bothLengths(tokens),
    })),
  };
}

/**
 * The rates of a long request in a list that names those of a short one. A long context costs a
 * multiple, the same in each list: 2x input and 1.5x output "for standard, batch, and flex"
 * (https://developers.openai.com/api/docs/models/gpt-5.4), and from GPT-5.6 on for priority. Before,
 * that "excludes long context": such a request is served, and reported, as `default`.
 */
function inProportion(short: Rates, long: Rates, standard: Rates): Rates {
  const rate = (name: keyof Rates) => scaled(short[name], long[name], standard[name]);
  return {
    input: rate('input'),
    cachedInput: rate('cachedInput'),
    cacheWrite: rate('cacheWrite'),
    cacheWrite12h: rate('cacheWrite12h'),
    audioInput: rate('audioInput'),
    output: rate('output'),
    audioOutput: rate('audioOutput'),
  };
}

/** `rate * to / from`, rounded up; undefined if one is not known, or if nothing would be multiplied. */
function scaled(
  rate: bigint | undefined,
  to: bigint | undefined,
  from: bigint | undefined,
): bigint | undefined {
  if (rate === undefined || to === undefined || from === undefined) return undefined;
  if (to === from) return rate;
  return from === 0n ? undefined : divideUp(rate * to, from);
}

function parseRates(prices: TokenPrices): Rates {
  const { cachedInput = prices.input, cacheWrite = prices.input, output } = prices;
  return {
    input: parseRate(prices.input),
    cachedInput: parseRate(cachedInput),
    // Written tokens are a part of the input; this is their price instead of the input's.
    cacheWrite: parseRate(cacheWrite),
    cacheWrite12h: parseRate(prices.cacheWrite12h ?? cacheWrite),
    audioInput: parseKnown(prices.audioInput),
    output: parseKnown(output),
    audioOutput: parseKnown(prices.audioOutput),
  };
}

function parseKnown(price: string | undefined): bigint | undefined {
  return price === undefined ? undefined : parseRate(price);
}

/** @throws RangeError for what is not a decimal of at most nine places */
function parseRate(price: string): bigint {
  const [, whole, places = ''] = /^(\d+)(?:\.(\d{1,9}))?$/.exec(price) ?? [];
  if (whole === undefined) throw new RangeError(`A price must be a decimal such as 1.25: ${price}`);
  return BigInt(whole + places.padEnd(DECIMALS, '0'));
}
