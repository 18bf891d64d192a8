import { divideUp } from '../../core/bigint.ts';
import type { Model, ModelPrices, TokenPrices } from '../../core/model.ts';

/** Decimals that a price has at most. */
const DECIMALS = 9;

/** Each model has one in a region: what is known of prices is kept by model. */
const known = new WeakMap<Model, Model>();

/** A model as it is sold at a regional endpoint of OpenAI's. */
export function inRegion(model: Model): Model {
  const { prices } = model;
  if (prices?.regionalFactor === undefined) return model;
  let regional = known.get(model);
  if (regional === undefined) {
    regional = { ...model, prices: multiplied(prices, prices.regionalFactor) };
    known.set(model, regional);
  }
  return regional;
}

/** Calls of hosted tools cost the same everywhere. */
function multiplied(
  {
    regionalFactor: _,
    standard,
    longContext,
    batch,
    flex,
    priority,
    history,
    ...same
  }: ModelPrices,
  factor: string,
): ModelPrices {
  const all = <T extends TokenPrices>(prices: T): T => timesAll(prices, factor);
  return {
    ...same,
    standard: all(standard),
    ...(longContext && { longContext: all(longContext) }),
    ...(batch && { batch: all(batch) }),
    ...(flex && { flex: all(flex) }),
    ...(priority && { priority: all(priority) }),
    history: history.map(all),
  };
}

/** Prices are texts but for what says when they hold. */
const FIELDS = [
  'input',
  'cachedInput',
  'cacheWrite',
  'cacheWrite12h',
  'audioInput',
  'audioOutput',
  'output',
] as const satisfies readonly (keyof TokenPrices)[];

function timesAll<T extends TokenPrices>(prices: T, factor: string): T {
  const dearer: Partial<Record<keyof TokenPrices, string>> = {};
  for (const field of FIELDS) {
    const price = prices[field];
    if (price !== undefined) dearer[field] = times(price, factor);
  }
  return { ...prices, ...dearer };
}

/** Exact, or rounded up where it would have more decimals than a price may have. */
function times(price: string, factor: string): string {
  const [whole = '', places = ''] = price.split('.');
  const [factorWhole = '', factorPlaces = ''] = factor.split('.');
  const product = BigInt(whole + places) * BigInt(factorWhole + factorPlaces);
  const decimals = places.length + factorPlaces.length;
  const scaled =
    decimals > DECIMALS
      ? divideUp(product, 10n ** BigInt(decimals - DECIMALS))
      : product * 10n ** BigInt(DECIMALS - decimals);
  const digits = scaled.toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return digits.slice(0, -DECIMALS) + (fraction && `.${fraction}`);
}
