import { readFileSync } from 'node:fs';
import { calcPrice, type ModelPrice } from '@pydantic/genai-prices';
import type { Model } from '../../src/core/model.ts';
import type { PriceSource, SourcePrices } from './source.ts';

type Price = ModelPrice[string];

const PACKAGE = 'node_modules/@pydantic/genai-prices/package.json';

/** The installed package, which is asked for each model of the catalogue: it cannot list its own. */
export function genaiPrices(models: readonly Model[], day: string): PriceSource {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };
  const known = models.flatMap(({ id }) => {
    const prices = genaiPriceOf(id, day);
    return prices === undefined ? [] : [[id, fromGenai(prices)] as const];
  });
  return { name: `@pydantic/genai-prices ${version}`, models: new Map(known) };
}

/** What it says of a model on a day, written 2026-11-28. */
export function genaiPriceOf(model: string, day: string): ModelPrice | undefined {
  const timestamp = new Date(`${day}T12:00:00Z`);
  return calcPrice({ input_tokens: 1 }, model, { providerId: 'openai', timestamp })?.model_price;
}

function fromGenai(price: ModelPrice): SourcePrices {
  const at = (read: (price: Price) => number | undefined) => ({
    input: read(price.input_mtok),
    cachedInput: read(price.cache_read_mtok),
    cacheWrite: read(price.cache_write_mtok),
    output: read(price.output_mtok),
  });
  const long = at((one) => (typeof one === 'object' ? one.tiers[0]?.price : undefined));
  return {
    ...at((one) => (typeof one === 'object' ? one.base : one)),
    ...(long.input !== undefined && { long }),
  };
}
