import { describe, expect, it } from '@jest/globals';
import { type Model, unknownModel } from '../../../src/core/model.ts';
import type { CatalogueProblem } from '../../../src/request/catalogue/check.ts';
import { applyCatalogue, CatalogueError } from '../../../src/request/catalogue/rows.ts';

const base: Model = {
  ...unknownModel('base'),
  snapshots: ['base-1'],
  contextWindow: 1000,
  supports: { streaming: true, images: true, tools: true },
  reasoning: { isReasoning: true, efforts: ['low', 'high'], defaultEffort: 'low' },
  rejects: ['temperature', 'stop'],
  prices: {
    currency: 'USD',
    standard: { input: '2', cachedInput: '1', output: '4' },
    batch: { input: '1', output: '2' },
    history: [],
  },
  sources: { contextWindow: ['A'], 'prices.standard': ['A'], 'prices.batch': ['B'] },
};

function apply(...models: readonly object[]): readonly Model[] {
  return applyCatalogue({ version: '1', models }, [base], 'own.yaml').models;
}

function problemsOf(data: unknown): readonly CatalogueProblem[] {
  try {
    applyCatalogue(data, [base], 'own.yaml');
  } catch (error) {
    if (error instanceof CatalogueError) return error.problems;
    throw error;
  }
  return [];
}

function pathsOf(...models: readonly object[]): readonly string[] {
  return problemsOf({ version: '1', models }).map(({ path }) => path);
}

describe('a catalogue file', () => {
  it('overrides the fields that a row names, and no other', () => {
    const [model] = apply({
      id: 'base',
      contextWindow: 2000,
      supports: { images: false },
      reasoning: { defaultEffort: 'high' },
      prices: { standard: { input: '3', output: '5' } },
    });
    expect(model).toEqual({
      ...base,
      contextWindow: 2000,
      supports: { streaming: true, images: false, tools: true },
      reasoning: { isReasoning: true, efforts: ['low', 'high'], defaultEffort: 'high' },
      prices: { ...base.prices, standard: { input: '3', output: '5' } },
      sources: { 'prices.batch': ['B'] },
    });
  });

  it('adds a model of which nothing else is known', () => {
    const [, model] = apply({
      id: 'new',
      maxOutputTokens: 10,
      prices: { standard: { input: '1' } },
      sources: { maxOutputTokens: ['own'] },
    });
    expect(model).toEqual({
      ...unknownModel('new'),
      maxOutputTokens: 10,
      prices: { currency: 'USD', standard: { input: '1' }, history: [] },
      sources: { maxOutputTokens: ['own'] },
    });
  });

  it('leaves a model whose row only names it as it is', () => {
    expect(apply({ id: 'base' })).toEqual([base]);
  });

  it.each([
    [{ tokenizer: 'cl100k_base' }, false],
    [{ tokenizer: 'cl100k_base', tokenizerAssumed: true }, true],
    [{}, true],
  ])('takes a tokenizer that is named for known: %j', (fields, assumed) => {
    expect(apply({ id: 'new', ...fields })[1]?.tokenizerAssumed).toBe(assumed);
  });

  it('may move a snapshot from one row to another', () => {
    const [changed, added] = apply({ id: 'base', snapshots: [] }, { id: 'base-1' });
    expect([changed?.snapshots, added?.id]).toEqual([[], 'base-1']);
  });

  it.each<[string, string, object]>([
    ['an unknown field', 'models[0].contextwindow', { contextwindow: 1 }],
    ['a field of another type', 'models[0].contextWindow', { contextWindow: '128k' }],
    [
      'a number as price',
      'models[0].prices.standard.input',
      { prices: { standard: { input: 1 } } },
    ],
    [
      'a price that is none',
      'models[0].prices.batch.input',
      { prices: { batch: { input: '-1' } } },
    ],
    ['an impossible day', 'models[0].shutdownDate', { shutdownDate: '2027-02-30' }],
    ['a parameter that is none', 'models[0].rejects[0]', { rejects: ['top_p'] }],
    ['a control character in a name', 'models[0].aliases[0]', { aliases: ['a\n'] }],
    ['a name that means another model', 'models[0].id', { aliases: ['base-1'] }],
    ['a name that it has twice', 'models[0].id', { aliases: ['new'] }],
    ['a replacement that is no model', 'models[0].replacement', { replacement: 'nobody' }],
    ['a replacement that is an alias', 'models[0].replacement', { replacement: 'base-1' }],
    ['itself as replacement', 'models[0].replacement', { replacement: 'new' }],
    ['prices but not the standard one', 'models[0].prices.standard', { prices: { history: [] } }],
    [
      'past prices out of order',
      'models[0].prices.history',
      {
        prices: {
          standard: { input: '1' },
          history: [
            { until: '2026-02-01', input: '1' },
            { until: '2026-01-01', input: '1' },
          ],
        },
      },
    ],
    [
      'a long context beyond the context',
      'models[0].prices.longContext.aboveInputTokens',
      {
        contextWindow: 1000,
        prices: { standard: { input: '1' }, longContext: { input: '2', aboveInputTokens: 1000 } },
      },
    ],
    ['too much input', 'models[0].maxInputTokens', { contextWindow: 10, maxInputTokens: 11 }],
    ['too long answers', 'models[0].maxOutputTokens', { contextWindow: 10, maxOutputTokens: 11 }],
    [
      'efforts without reasoning',
      'models[0].reasoning.efforts',
      { reasoning: { efforts: ['low'] } },
    ],
    [
      'an effort twice',
      'models[0].reasoning.efforts',
      { reasoning: { isReasoning: true, efforts: ['low', 'low'] } },
    ],
    [
      'a default effort that is none of them',
      'models[0].reasoning.defaultEffort',
      { reasoning: { isReasoning: true, efforts: ['low'], defaultEffort: 'high' } },
    ],
    [
      'an exception from no rule',
      'models[0].acceptsWithoutReasoning',
      { rejects: ['stop'], acceptsWithoutReasoning: ['topP'] },
    ],
    [
      'tools on one API but not at all',
      'models[0].supports.toolsOnChatCompletions',
      { supports: { tools: false, toolsOnChatCompletions: 'without_reasoning' } },
    ],
  ])('is refused for %s', (_, path, fields) => {
    expect(pathsOf({ id: 'new', ...fields })).toEqual([path]);
  });

  it('is refused for a model that it has twice', () => {
    expect(pathsOf({ id: 'new' }, { id: 'new' })).toEqual(['models[1].id']);
  });

  it('is refused for a contradiction to what it does not name', () => {
    expect(pathsOf({ id: 'base', maxInputTokens: 1001 })).toEqual(['models[0].maxInputTokens']);
  });

  it('is refused with every problem at once', () => {
    expect(pathsOf({ id: 'new', batch: 'yes', contextWindow: 0 }, { id: '' })).toEqual([
      'models[0].contextWindow',
      'models[0].batch',
      'models[1].id',
    ]);
    expect(pathsOf({ id: 'new', replacement: 'nobody' }, { id: 'base-1' })).toEqual([
      'models[0].replacement',
      'models[1].id',
    ]);
  });

  it.each([[null], ['text'], [[]]])('is refused if it is %j', (data) => {
    expect(problemsOf(data)).toMatchObject([{ path: '.' }]);
  });

  it('names what is missing', () => {
    expect(problemsOf({ models: [{}] })).toEqual([
      { path: 'version', message: 'is required' },
      { path: 'models[0].id', message: 'is required' },
    ]);
  });

  it.each([
    [{ contextWindow: '400' }, 'contextWindow must be a whole number from 1 to 2147483647'],
    [{ maxOutputTokens: 1.5 }, 'maxOutputTokens must be a whole number from 1 to 2147483647'],
    [{ maxInputTokens: 0 }, 'maxInputTokens must be a whole number from 1 to 2147483647'],
    [{ aliases: 'a' }, 'aliases must be a list'],
    [{ aliases: [7] }, 'aliases[0] must be text, in quotes if it looks like a number or a date'],
    [{ description: 'x'.repeat(1025) }, 'description must be at most 1024 characters'],
    [{ knowledgeCutoff: 'soon' }, 'knowledgeCutoff must be a day, written 2027-01-14'],
    [{ batch: 'yes' }, 'batch must be true or false'],
    [{ supports: true }, 'supports must be a group of keys'],
    [
      { supports: { toolsOnChatCompletions: 'no' } },
      'supports.toolsOnChatCompletions must be true, false or without_reasoning',
    ],
    [{ reasoning: { efforts: [''] } }, 'reasoning.efforts[0] must be 1 to 256 characters'],
    [{ surfaces: ['chat'] }, 'surfaces[0] must be chat_completions or responses'],
    [{ prices: { currency: 'EUR' } }, 'prices.currency must be USD'],
    [
      { prices: { standard: { input: 1.25 } } },
      'prices.standard.input must be a decimal in quotes: "1.25"',
    ],
    [{ prices: { tools: { '': '1' } } }, 'prices.tools. must be prices by the name of a tool'],
    [
      { prices: { longContext: { input: '1' } } },
      'prices.longContext.aboveInputTokens must be a whole number from 1 to 2147483647',
    ],
    [{ sources: ['a'] }, 'sources must be a group of keys'],
  ])('says what is wrong with %j in words of its own', (fields, told) => {
    const problems = problemsOf({ version: '1', models: [{ id: 'new', ...fields }] });
    expect(problems.map(({ path, message }) => `${path} ${message}`)).toEqual([
      `models[0].${told}`,
    ]);
  });

  it('is named in the error, with each problem, and the key that was meant', () => {
    const supports = { tool: true };
    expect(() => apply({ id: 'new', supports, contxtWindow: 1 })).toThrow(
      'own.yaml: models[0].supports.tool unknown key; did you mean tools?, models[0].contxtWindow unknown key; did you mean contextWindow?',
    );
    expect(() => apply({ id: 'new', replacement: 'nobody' })).toThrow(
      'own.yaml: models[0].replacement must be the id of a model: nobody',
    );
  });
});
