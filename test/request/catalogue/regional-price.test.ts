import { describe, expect, it } from '@jest/globals';
import { costOf, mostCosts } from '../../../src/money/pricing/price.ts';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { isOpenAI, isRegional } from '../../../src/request/catalogue/endpoint.ts';
import { inRegion } from '../../../src/request/catalogue/regional-price.ts';
import { resolveModel } from '../../../src/request/catalogue/resolve.ts';

const NOW = Date.UTC(2026, 10, 29);

const USAGE = {
  inputTokens: 1_000,
  outputTokens: 100,
  totalTokens: 1_100,
  cacheReadTokens: 400,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  estimated: false,
};

function modelAt(name: string, baseUrl: string) {
  const options = {
    openAI: isOpenAI(baseUrl),
    regional: isRegional(baseUrl),
    unknownModels: 'refuse',
    shutDownModels: 'redirect',
    declared: [],
  } as const;
  return resolveModel(name, builtInCatalogue(), options, NOW).model;
}

/** Pico-dollars. */
function cost(name: string, host: string, more: object = {}, usage: object = {}) {
  const model = modelAt(name, `https://${host}/v1`);
  return costOf({ ...USAGE, ...usage }, model, { serviceTier: 'default', at: NOW, ...more });
}

describe('at a regional endpoint of OpenAI', () => {
  it.each(['eu', 'us', 'au', 'in', 'jp', 'ae'])(
    '%s, a tenth more is paid for gpt-5.4',
    (region) => {
      // 600 * 2.50 + 400 * 0.25 + 100 * 15 dollars per million, and a tenth.
      expect(cost('gpt-5.4', 'api.openai.com')).toBe(3_100_000_000n);
      expect(cost('gpt-5.4', `${region}.api.openai.com`)).toBe(3_410_000_000n);
    },
  );

  it.each([
    ['flex', { serviceTier: 'flex' }, {}],
    ['priority', { serviceTier: 'priority' }, {}],
    ['batch', { batch: true }, {}],
    ['a long context', {}, { inputTokens: 400_000 }],
    ['a long context in a batch', { batch: true }, { inputTokens: 400_000 }],
    ['the price of the past', { at: Date.UTC(2026, 7, 1) }, {}],
    ['what is written to the cache', {}, { cacheWriteTokens: 300 }],
    ['what is written for 12 hours', { cacheTtl: '12h' }, { cacheWriteTokens: 300 }],
  ])('it is a tenth more for %s, too', (_what, facts, usage) => {
    const here = cost('gpt-5.6-sol', 'api.openai.com', facts, usage) ?? 0n;
    expect(here).toBeGreaterThan(0n);
    expect(cost('gpt-5.6-sol', 'eu.api.openai.com', facts, usage)).toBe((here * 11n) / 10n);
  });

  it.each(['gpt-4o', 'gpt-4.1', 'gpt-5.2', 'gpt-5.3-codex'])(
    '%s, which was released before, costs the same',
    (name) => {
      expect(cost(name, 'eu.api.openai.com')).toBe(cost(name, 'api.openai.com'));
    },
  );

  it('what a budget holds for an attempt covers it, and calls of tools cost the same', () => {
    const plan = { inputTokens: 1_000, request: { messages: [] }, at: NOW };
    const [here, there] = ['api', 'eu.api'].map((host) =>
      modelAt('gpt-6.1-sol', `https://${host}.openai.com/v1`),
    );
    const [cost = 0n] = (here && mostCosts(here, plan, 100)) ?? [];
    expect(there && mostCosts(there, plan, 100)?.[0]).toBeGreaterThan(cost);
    expect(there?.prices?.tools).toEqual(here?.prices?.tools);
  });

  it('is one model, however often it is asked for', () => {
    const model = builtInCatalogue().find('gpt-6.2-sol');
    expect(model && inRegion(model)).toBe(model && inRegion(model));
  });

  it('prices with many decimals are rounded up', () => {
    const prices = { currency: 'USD', history: [], regionalFactor: '1.1' } as const;
    const of = (input: string) => {
      const [model] = builtInCatalogue().models;
      if (model === undefined) throw new Error('no models');
      return inRegion({ ...model, prices: { ...prices, standard: { input } } }).prices?.standard;
    };
    expect([of('0.000000001'), of('0.2'), of('30')]).toEqual([
      { input: '0.000000002' },
      { input: '0.22' },
      { input: '33' },
    ]);
  });
});
