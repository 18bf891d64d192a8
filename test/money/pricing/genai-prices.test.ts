import { describe, expect, it } from '@jest/globals';
import type { ModelPrice } from '@pydantic/genai-prices';
import { genaiPriceOf } from '../../../scripts/catalogue/genai-prices.ts';
import type { Model, TokenPrices } from '../../../src/core/model.ts';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';

/**
 * The catalogue's standard prices, of today and of the past, beside those of @pydantic/genai-prices,
 * which knows neither batch nor flex nor priority.
 */
const NOW = '2026-11-22';

const NAMES = {
  input: 'input_mtok',
  cachedInput: 'cache_read_mtok',
  cacheWrite: 'cache_write_mtok',
  output: 'output_mtok',
} as const;

/** Each with the reason why the catalogue is right, or knows more. */
const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {
  ...each('is not priced here', 'It is shut down, and its price is not kept.', [
    'gpt-3.5-turbo-0301',
    'gpt-3.5-turbo-0613',
    'gpt-3.5-turbo-16k',
    'gpt-4-0314',
    'gpt-4-32k',
    'gpt-4-0125-preview',
    'gpt-4-1106-preview',
  ]),
  ...each('is not priced there', 'It is newer than the package.', [
    'gpt-6.1-sol',
    'gpt-6.1-terra',
    'gpt-6.2-astra',
    'gpt-6.2-sol',
  ]),
  ...each(
    'is long above 272000, there above 271999',
    'OpenAI: "prompts with >272K input tokens", which 272,000 are not.',
    [
      'gpt-5.4',
      'gpt-5.4-pro',
      'gpt-5.5',
      'gpt-5.5-pro',
      'gpt-5.6-sol',
      'gpt-5.6-terra',
      'gpt-5.6-luna',
      'gpt-6-astra',
    ],
  ),
  'o3 until 2025-06-09 has cachedInput undefined, there 0.5':
    'There the cached price after the cut stands beside the others before it; that of then is not known.',
};

function each(
  difference: string,
  reason: string,
  models: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(models.map((model) => [`${model} ${difference}`, reason]));
}

const theirs = (model: Model, day: string) => genaiPriceOf(model.id, day);

type Price = ModelPrice[string];

function base(price: Price): string | undefined {
  if (price === undefined) return undefined;
  return String(typeof price === 'number' ? price : price.base);
}

function tier(price: Price): { readonly start: number; readonly price: number } | undefined {
  return typeof price === 'object' ? price.tiers[0] : undefined;
}

function compare(
  label: string,
  ours: TokenPrices,
  their: (name: keyof typeof NAMES) => string | undefined,
): readonly string[] {
  return (Object.keys(NAMES) as (keyof typeof NAMES)[])
    .filter((name) => ours[name] !== their(name))
    .map((name) => `${label} has ${name} ${ours[name]}, there ${their(name)}`);
}

function differencesOf(model: Model): readonly string[] {
  const today = theirs(model, NOW);
  const { id, prices } = model;
  if (prices === undefined) return today === undefined ? [] : [`${id} is not priced here`];
  if (today === undefined) return [`${id} is not priced there`];
  const { longContext, standard, history } = prices;
  const differences = [...compare(id, standard, (name) => base(today[NAMES[name]]))];
  for (const { until, ...past } of history) {
    const then = theirs(model, until);
    differences.push(...compare(`${id} until ${until}`, past, (name) => base(then?.[NAMES[name]])));
  }
  const step = tier(today.input_mtok)?.start;
  if (step !== longContext?.aboveInputTokens) {
    differences.push(`${id} is long above ${longContext?.aboveInputTokens}, there above ${step}`);
  }
  if (longContext === undefined) return differences;
  const long = compare(`${id} long`, longContext, (name) =>
    tier(today[NAMES[name]])?.price.toString(),
  );
  return [...differences, ...long];
}

describe('@pydantic/genai-prices', () => {
  it('has the prices of the catalogue, but for differences that are known', () => {
    const differences = builtInCatalogue().models.flatMap(differencesOf);
    expect(differences.toSorted()).toEqual(Object.keys(KNOWN_DIFFERENCES).toSorted());
  });

  it('changes a price on the day after the catalogue says it held last', () => {
    const changes = builtInCatalogue().models.flatMap((model) =>
      (model.prices?.history ?? []).map(({ until, input }) => {
        const next = new Date(Date.parse(until) + 86_400_000).toISOString().slice(0, 10);
        return [
          base(theirs(model, until)?.input_mtok) === input,
          base(theirs(model, next)?.input_mtok) === input,
        ];
      }),
    );
    expect(changes.length).toBeGreaterThan(0);
    expect(changes).toEqual(changes.map(() => [true, false]));
  });
});
