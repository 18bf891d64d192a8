import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { modelsDoc } from '../../../scripts/models-doc.ts';
import type { Model, ModelPrices, TokenPrices } from '../../../src/core/model.ts';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { namesOf } from '../../../src/request/catalogue/check.ts';
import data from '../../../src/request/catalogue/models.json' with { type: 'json' };
import { resolveModel } from '../../../src/request/catalogue/resolve.ts';
import { applyCatalogue } from '../../../src/request/catalogue/rows.ts';
import { isShutDown } from '../../../src/request/catalogue/shutdown.ts';
import { accepts } from '../../../src/request/fit/accepts.ts';

const catalogue = builtInCatalogue();
const { models } = catalogue;
const rows = models.map((model) => [model.id, model] as const);
const answering = rows.filter(([, { capabilities }]) => !capabilities.includes('embeddings'));
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/** Long before the first of them was shut down. */
const EARLY = Date.UTC(2024, 0, 1);
const AT_OPENAI = {
  openAI: true,
  unknownModels: 'refuse',
  shutDownModels: 'refuse',
  declared: [],
} as const;

function tiersOf({ standard, batch, flex, priority, longContext }: ModelPrices) {
  return { standard, batch, flex, priority, longContext };
}

function dollars(decimal: string | undefined): number {
  return Number(decimal ?? Number.NaN);
}

describe('the built-in catalogue', () => {
  it('agrees with its schema, and its rows leave nothing to defaults', () => {
    expect(applyCatalogue(data, [], 'models.json')).toEqual({ version: data.version, models });
  });

  it.each([
    ['GPT-3.5 turbo', ['gpt-3.5-turbo', 'gpt-3.5-turbo-0125', 'gpt-3.5-turbo-1106']],
    ['GPT-4', ['gpt-4', 'gpt-4-0613', 'gpt-4-turbo', 'gpt-4-turbo-2024-04-09']],
    ['GPT-4o', ['gpt-4o', 'gpt-4o-2024-05-13', 'gpt-4o-2024-08-06', 'gpt-4o-mini']],
    ['GPT-4.1', ['gpt-4.1', 'gpt-4.1-mini', 'gpt-4.1-nano']],
    ['o1', ['o1', 'o1-preview', 'o1-mini', 'o1-pro', 'o1-2024-12-17']],
    ['o3 and o4', ['o3', 'o3-mini', 'o3-pro', 'o4-mini']],
    ['GPT-5', ['gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-5-pro', 'gpt-5-codex']],
    ['GPT-5.1 to 5.3', ['gpt-5.1', 'gpt-5.2', 'gpt-5.2-pro', 'gpt-5.3-codex']],
    ['GPT-5.4 and 5.5', ['gpt-5.4', 'gpt-5.4-mini', 'gpt-5.4-nano', 'gpt-5.5', 'gpt-5.5-pro']],
    ['GPT-5.6', ['gpt-5.6', 'gpt-5.6-sol', 'gpt-5.6-terra', 'gpt-5.6-luna']],
    ['GPT-6', ['gpt-6-astra', 'gpt-6-sol', 'gpt-6-luna']],
    ['GPT-6.1 and 6.2', ['gpt-6.1-sol', 'gpt-6.1-terra', 'gpt-6.2-astra', 'gpt-6.2-sol']],
    ['old snapshots', ['gpt-4-32k-0613', 'gpt-4-turbo-preview', 'gpt-3.5-turbo-16k-0613']],
    ['embeddings', ['text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002']],
  ])('knows the family %s', (_, names) => {
    expect(names.filter((name) => catalogue.find(name) === undefined)).toEqual([]);
  });

  it('has 58 models that answer and 3 for embeddings', () => {
    expect([answering.length, rows.length]).toEqual([58, 61]);
  });

  it('knows no name that nobody wrote down', () => {
    expect(catalogue.find('gpt-7')).toBeUndefined();
    expect(catalogue.find('constructor')).toBeUndefined();
    expect(catalogue.find('GPT-4o')).toBeUndefined();
  });

  it('is what docs/models.md shows (node scripts/generate-models-doc.ts)', () => {
    expect(readFileSync('docs/models.md', 'utf8')).toBe(modelsDoc());
  });
});

describe.each(rows)('the row of %s', (_, model) => {
  it('is found by its id, its aliases and its snapshots', () => {
    expect(new Set(namesOf(model).map((name) => catalogue.find(name)))).toEqual(new Set([model]));
  });

  it('names a source for every figure, and every source has a text', () => {
    const vouched = Object.keys(model.sources);
    expect(vouched).toEqual(expect.arrayContaining([...figuresOf(model)]));
    const codes = Object.values(model.sources).flat();
    expect(codes.filter((code) => !Object.hasOwn(data.sources, code))).toEqual([]);
  });

  it('has limits that fit each other', () => {
    const { contextWindow, maxInputTokens = 1, maxOutputTokens = 1 } = model;
    // Of what was shut down long ago no source tells more than the date.
    if (contextWindow === undefined) {
      expect(isShutDown(model, Date.UTC(2026, 0, 1))).toBe(true);
      return;
    }
    expect(contextWindow).toBeGreaterThanOrEqual(4096);
    expect(contextWindow).toBeLessThanOrEqual(2_000_000);
    expect(maxInputTokens).toBeLessThanOrEqual(contextWindow);
    expect(maxOutputTokens).toBeLessThanOrEqual(contextWindow);
  });

  it('has prices in a sane order', () => {
    if (model.prices === undefined) {
      expect(isShutDown(model, Date.UTC(2026, 10, 22))).toBe(true);
      return;
    }
    const tiers = tiersOf(model.prices);
    const { standard } = tiers;
    const input = dollars(standard.input);
    expect(input).toBeGreaterThan(0);
    expect(dollars(standard.cachedInput ?? '0')).toBeLessThan(input);
    for (const [tier, prices] of Object.entries(tiers)) expectTier(tier, prices, standard);
  });

  it('takes efforts from the known set, weakest first, if it reasons', () => {
    const { efforts, isReasoning } = model.reasoning;
    expect(EFFORTS.filter((effort) => efforts.includes(effort))).toEqual(efforts);
    expect(isReasoning).toBe(model.capabilities.includes('reasoning'));
    expect(model.rejects.includes('temperature')).toBe(isReasoning);
    if (isReasoning) expect(model.maxTokensField).toBe('max_completion_tokens');
    if (model.acceptsWithoutReasoning.length > 0) expect(efforts).toContain('none');
  });
});

it.each([
  ['gpt-5.6-terra', 'stop', 'none', false],
  ['gpt-5.6-terra', 'frequencyPenalty', 'none', true],
  ['gpt-5.6-terra', 'presencePenalty', 'low', false],
  ['gpt-5.4-mini', 'stop', 'none', false],
  ['gpt-5.4-mini', 'presencePenalty', 'none', true],
  ['gpt-4o', 'stop', undefined, true],
] as const)(
  'knows as the API was seen to answer of %s whether it takes %s with effort %s',
  (id, parameter, effort, is) => {
    const model = models.find((each) => each.id === id);
    expect(model && accepts(model, parameter, effort)).toBe(is);
  },
);

describe.each(rows.filter(([, { replacement }]) => replacement !== undefined))(
  'the replacement of %s',
  (id, model) => {
    it('is a model that is served when it is needed', () => {
      const shutDownModels = 'redirect';
      const lastDay = model.shutdownDate ?? data.version.slice(0, 10);
      const justAfter = Date.parse(lastDay) + 86_400_000;
      const options = { ...AT_OPENAI, shutDownModels } as const;
      const { name } = resolveModel(model.replacement ?? '', catalogue, options, justAfter);
      expect(name).not.toBe(id);
      expect(catalogue.find(name)).toBeDefined();
    });
  },
);

describe.each(answering)('a call to %s', (_, model) => {
  it('is resolved to its row by every of its names, which is sent as it was written', () => {
    for (const name of namesOf(model)) {
      const resolved = resolveModel(name, catalogue, AT_OPENAI, EARLY);
      expect(resolved).toEqual({ name, model, warnings: [] });
    }
  });

  it('has an API over which it can be made', () => {
    expect(model.surfaces.length).toBeGreaterThan(0);
    if (model.maxOutputTokens !== undefined) {
      expect(model.maxOutputTokens).toBeGreaterThanOrEqual(4096);
    }
    if (model.prices !== undefined) expect(model.prices.standard.output).toBeDefined();
  });
});

function figuresOf(model: Model): readonly string[] {
  const flat = [
    'shutdownDate',
    'replacement',
    'contextWindow',
    'maxInputTokens',
    'maxOutputTokens',
    'knowledgeCutoff',
  ] as const;
  const tiers = Object.keys(model.prices ?? {}).filter((tier) => tier !== 'currency');
  const paid = tiers.filter((tier) => tier !== 'history' || model.prices?.history.length);
  return [
    ...flat.filter((field) => model[field] !== undefined),
    ...paid.map((tier) => `prices.${tier}`),
    'surfaces',
    'batch',
    'supports',
    'tokenizer',
  ];
}

function expectTier(tier: string, prices: TokenPrices | undefined, standard: TokenPrices): void {
  if (prices === undefined) return;
  const factor = dollars(prices.input) / dollars(standard.input);
  const [least, most] = FACTORS[tier] ?? [Number.NaN, Number.NaN];
  expect(factor).toBeGreaterThanOrEqual(least);
  expect(factor).toBeLessThanOrEqual(most);
  if (prices.output !== undefined) {
    expect(dollars(prices.output)).toBeGreaterThan(dollars(prices.input));
  }
  if (prices.cacheWrite !== undefined) {
    expect(dollars(prices.cacheWrite)).toBeCloseTo(1.25 * dollars(prices.input), 9);
  }
  expect(prices.cacheWrite === undefined).toBe(standard.cacheWrite === undefined);
}

/** What a tier may cost, in multiples of the standard price. */
const FACTORS: Readonly<Record<string, readonly [number, number]>> = {
  standard: [1, 1],
  batch: [0.5, 0.5],
  flex: [0.5, 0.5],
  priority: [1.5, 2.5],
  longContext: [2, 2],
};
