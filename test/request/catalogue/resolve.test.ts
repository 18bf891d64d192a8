import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import { type Model, unknownModel } from '../../../src/core/model.ts';
import {
  builtInCatalogue,
  type Catalogue,
  createCatalogue,
} from '../../../src/request/catalogue/catalogue.ts';
import { type ResolveOptions, resolveModel } from '../../../src/request/catalogue/resolve.ts';

const NOW = Date.UTC(2026, 10, 22);
const AT_OPENAI: ResolveOptions = {
  openAI: true,
  unknownModels: 'refuse',
  shutDownModels: 'refuse',
  declared: [],
};
const ELSEWHERE: ResolveOptions = { ...AT_OPENAI, openAI: false, unknownModels: 'allow' };
const REDIRECTING: ResolveOptions = { ...AT_OPENAI, shutDownModels: 'redirect' };

function resolve(name: string, options = AT_OPENAI, catalogue: Catalogue = builtInCatalogue()) {
  return resolveModel(name, catalogue, options, NOW);
}

function refusal(name: string, options?: ResolveOptions, catalogue?: Catalogue): ProviderError {
  try {
    resolve(name, options, catalogue);
  } catch (error) {
    return ProviderError.from(error);
  }
  throw new Error(`${name} was resolved`);
}

/** A catalogue of models that were all shut down but `served`; each names the next. */
function chain(names: readonly string[], served: string): Catalogue {
  const models = names.map(
    (id, index): Model => ({
      ...unknownModel(id),
      ...(id === served ? {} : { shutdownDate: '2026-01-01' }),
      replacement: names[(index + 1) % names.length] ?? '',
    }),
  );
  return createCatalogue('1', models);
}

describe('resolving a model', () => {
  it.each([
    ['gpt-5.4', 'gpt-5.4'],
    ['gpt-5.4-2026-03-05', 'gpt-5.4'],
    ['gpt-5.6', 'gpt-5.6-sol'],
    ['gpt-4o-2024-11-20', 'gpt-4o'],
  ])('sends %s as it was written and knows it as %s', (name, id) => {
    expect(resolve(name)).toMatchObject({ name, model: { id }, warnings: [] });
  });

  it('knows a fine-tuned model by its base, but not its price', () => {
    const name = 'ft:gpt-4o-2024-08-06:acme::abc123';
    const resolved = resolve(name);
    expect(resolved).toMatchObject({ name, model: { id: 'gpt-4o', contextWindow: 128_000 } });
    expect(resolved.model.prices).toBeUndefined();
  });

  it('takes the price of a fine-tuned model from its declaration, and all else from its base', () => {
    const fields = { prices: { standard: { input: '0.3', output: '1.2' } } };
    const declared = [{ pattern: 'ft:gpt-4o-mini-*:acme:*', fields }];
    const name = 'ft:gpt-4o-mini-2024-07-18:acme::abc123';
    for (const options of [
      { ...AT_OPENAI, declared },
      { ...ELSEWHERE, declared },
    ]) {
      const { model } = resolve(name, options);
      expect(model).toMatchObject({ id: 'gpt-4o-mini', contextWindow: 128_000 });
      expect(model.prices?.standard).toEqual({ input: '0.3', output: '1.2' });
      expect(resolve('ft:gpt-4o-mini:other::1', options).model.prices).toBeUndefined();
      expect(resolve('gpt-4o-mini', options).model.prices?.standard.input).toBe('0.15');
    }
  });

  it('refuses a fine-tuned model together with its base', () => {
    expect(refusal('ft:gpt-3.5-turbo:acme::abc').reason).toBe('MODEL_NOT_FOUND');
  });

  it.each([AT_OPENAI, ELSEWHERE])('refuses a model that only makes embeddings', (options) => {
    const { reason, facts } = refusal('text-embedding-3-small', options);
    expect(reason).toBe('INVALID_REQUEST');
    expect(facts.fieldViolations).toMatchObject([{ field: 'request.model' }]);
  });
});

describe('a model that is not in the catalogue', () => {
  it('is refused where unknown models are, with what would allow it', () => {
    const { reason, message, facts } = refusal('llama-4');
    expect(reason).toBe('MODEL_NOT_FOUND');
    expect(message).toBe(
      'The model llama-4 is not in the catalogue; allow it with catalogue.unknownModels.',
    );
    expect(facts).toMatchObject({ model: 'llama-4' });
  });

  it.each(['ft:llama-4:acme::1', 'ft:gpt-4o'])('is refused as well if it is %s', (name) => {
    expect(refusal(name).reason).toBe('MODEL_NOT_FOUND');
  });

  it('passes where unknown models are allowed, and nothing is known of it', () => {
    expect(resolve('llama-4', ELSEWHERE)).toEqual({
      name: 'llama-4',
      model: unknownModel('llama-4'),
      warnings: [],
    });
  });

  it('is what the first declaration says whose pattern fits its name', () => {
    const options: ResolveOptions = {
      ...AT_OPENAI,
      declared: [
        { pattern: 'meta-llama/*', fields: { contextWindow: 131_072, supports: { tools: true } } },
        { pattern: '*', fields: { contextWindow: 1 } },
      ],
    };
    const { name, model } = resolve('meta-llama/llama-4', options);
    expect(name).toBe('meta-llama/llama-4');
    expect(model).toMatchObject({
      id: 'meta-llama/llama-4',
      contextWindow: 131_072,
      supports: { streaming: true, tools: true },
    });
    expect(resolve('other', options).model.contextWindow).toBe(1);
    expect(resolve('gpt-4o', options).model.contextWindow).toBe(128_000);
  });
});

describe('a model that OpenAI shut down', () => {
  it('is refused at OpenAI, with the day and what to use instead', () => {
    const { reason, message, facts } = refusal('gpt-4-0613');
    expect(reason).toBe('MODEL_NOT_FOUND');
    expect(message).toBe('OpenAI shut down gpt-4-0613 on 2026-10-23; use gpt-5.6-sol instead.');
    expect(facts).toMatchObject({ model: 'gpt-4-0613', replacement: 'gpt-5.6-sol' });
  });

  it('works at other upstreams, without a warning', () => {
    expect(resolve('gpt-4', ELSEWHERE)).toMatchObject({ name: 'gpt-4', warnings: [] });
  });

  it('is redirected where that is configured, with a warning', () => {
    const { name, model, warnings } = resolve('gpt-4', REDIRECTING);
    expect([name, model.id]).toEqual(['gpt-5.6-sol', 'gpt-5.6-sol']);
    expect(warnings).toEqual([
      'OpenAI shut down gpt-4 on 2026-10-23; the call was redirected to gpt-5.6-sol.',
    ]);
  });

  it('is redirected past replacements that were shut down too', () => {
    const { name } = resolve('a', REDIRECTING, chain(['a', 'b', 'c'], 'c'));
    expect(name).toBe('c');
    expect(refusal('a', AT_OPENAI, chain(['a', 'b', 'c'], 'c')).facts.replacement).toBe('c');
  });

  it('warns of the replacement as well if that goes soon', () => {
    const { name, warnings } = resolve('o1-preview', REDIRECTING);
    expect(name).toBe('o3');
    expect(warnings).toEqual([
      'OpenAI shut down o1-preview on 2025-07-28; the call was redirected to o3.',
      'OpenAI will shut down o3 on 2026-12-11; use gpt-5.6-sol instead.',
    ]);
  });

  it.each([
    ['name each other in a circle', ['a', 'b']],
    ['name themselves', ['a']],
  ])('is refused where all replacements %s', (_, names) => {
    const { reason, message, facts } = refusal('a', REDIRECTING, chain(names, 'none'));
    expect(reason).toBe('MODEL_NOT_FOUND');
    expect(message).toContain('2026-01-01 and has named no replacement');
    expect(facts.replacement).toBeUndefined();
  });

  it('is refused where OpenAI names no replacement', () => {
    const gone = { ...unknownModel('gone'), shutdownDate: '2026-11-21' };
    expect(refusal('gone', REDIRECTING, createCatalogue('1', [gone])).reason).toBe(
      'MODEL_NOT_FOUND',
    );
  });
});

describe('a model that OpenAI will shut down within 30 days', () => {
  it('is warned of at OpenAI', () => {
    expect(resolve('gpt-5-2025-08-07').warnings).toEqual([
      'OpenAI will shut down gpt-5-2025-08-07 on 2026-12-11; use gpt-6.1-sol instead.',
    ]);
    expect(resolve('gpt-4o').warnings).toEqual([]);
  });

  it('is not warned of elsewhere', () => {
    expect(resolve('gpt-5', ELSEWHERE).warnings).toEqual([]);
  });
});
