import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import type { ListedModel } from '../../src/core/upstream.ts';
import { ModelList } from '../../src/provider/model-list.ts';
import { ModelListing } from '../../src/provider/model-listing.ts';
import type { ModelInfo } from '../../src/provider/provider.ts';
import { builtInCatalogue } from '../../src/request/catalogue/catalogue.ts';
import type { ResolveOptions } from '../../src/request/catalogue/resolve.ts';
import { NO_HOSTED_TOOLS } from '../../src/request/fit/hosted-tool-options.ts';
import { FakeClock } from '../support/fake-clock.ts';

type Answer = readonly ListedModel[] | Error;

const AT_OPENAI: ResolveOptions = {
  openAI: true,
  unknownModels: 'refuse',
  shutDownModels: 'refuse',
  declared: [],
};
const ELSEWHERE: ResolveOptions = { ...AT_OPENAI, openAI: false, unknownModels: 'allow' };

function setUp(answers: readonly Answer[], options: ResolveOptions = ELSEWHERE) {
  const clock = new FakeClock(Date.UTC(2026, 10, 22));
  let asked = 0;
  const upstream = {
    listModels: async () => {
      const answer = answers[asked++];
      if (answer === undefined || answer instanceof Error) throw answer;
      return answer;
    },
  };
  const list = new ModelList(options, {
    hostedTools: NO_HOSTED_TOOLS,
    listing: new ModelListing(upstream, clock),
    catalogue: builtInCatalogue,
    clock,
  });
  return { clock, list, asked: () => asked };
}

function listed(...ids: readonly string[]): readonly ListedModel[] {
  return ids.map((id) => ({ id, shutdownDate: '' }));
}

function idsOf(models: readonly ModelInfo[]): readonly string[] {
  return models.map(({ id }) => id);
}

const { signal } = new AbortController();
const one = listed('m1');
const two = listed('m2');
const away = new ProviderError('NETWORK_ERROR');

describe('the list of models', () => {
  it('is asked for once a minute at most', async () => {
    const { clock, list, asked } = setUp([one, two]);
    expect(idsOf(await list.get(signal))).toEqual(['m1']);
    clock.advance(59_999);
    expect(idsOf(await list.get(signal))).toEqual(['m1']);
    expect(asked()).toBe(1);
    clock.advance(1);
    expect(idsOf(await list.get(signal))).toEqual(['m2']);
  });

  it('outlives an upstream that went away', async () => {
    const { clock, list } = setUp([one, away]);
    await list.get(signal);
    clock.advance(60_000);
    expect(idsOf(await list.get(signal))).toEqual(['m1']);
  });

  it('fails as the upstream does if there is no older one', async () => {
    const { list } = setUp([away]);
    await expect(list.get(signal)).rejects.toBe(away);
  });

  it('fails if the call was ended while it waited', async () => {
    const { clock, list } = setUp([one, away]);
    await list.get(signal);
    clock.advance(60_000);
    const ended = new ProviderError('CANCELLED');
    await expect(list.get(AbortSignal.abort(ended))).rejects.toBe(ended);
  });
});

describe('the models of an upstream that was asked', () => {
  it('are those that it lists, sorted, with what the catalogue knows', async () => {
    const { list } = setUp([listed('llama-4', 'gpt-5.4')]);
    expect(await list.get(signal)).toEqual([
      {
        id: 'gpt-5.4',
        name: 'GPT-5.4',
        description: expect.stringMatching(/^\w.+\.$/),
        aliases: ['gpt-5.4-2026-03-05'],
        contextWindow: 1_050_000,
        maxInputTokens: 922_000,
        maxTokens: 128_000,
        supportsStreaming: true,
        supportsImages: true,
        supportsTools: true,
        pricing: { input: '2.5', cachedInput: '0.25', output: '15', currency: 'USD' },
        capabilities: ['text', 'code', 'reasoning'],
        features: {
          streaming: true,
          functionCalling: true,
          parallelToolUse: true,
          promptCaching: true,
          thinkingMode: true,
          structuredOutputs: true,
          batch: false,
          imageGeneration: false,
          codeExecution: false,
          webSearch: false,
          customTools: true,
          applyPatch: false,
          shell: false,
          fileSearch: false,
          mcp: false,
          files: true,
        },
        reasoningEfforts: ['none', 'low', 'medium', 'high', 'xhigh'],
        shutdownDate: '',
        replacement: '',
        available: true,
        apis: ['chat_completions', 'responses'],
        warnings: [],
        knowledgeCutoff: '2025-08-31',
      },
      expect.objectContaining({ id: 'llama-4', name: 'llama-4', available: true, apis: [] }),
    ]);
  });

  it('are told once, by their id, however many of their names are listed', async () => {
    const { list } = setUp([listed('gpt-4o-2024-11-20', 'gpt-4o', 'gpt-4.1-2025-04-14')]);
    const models = await list.get(signal);
    expect(idsOf(models)).toEqual(['gpt-4.1-2025-04-14', 'gpt-4o']);
    expect(models[0]).toMatchObject({ name: 'GPT-4.1', aliases: ['gpt-4.1'] });
  });

  it('tells a fine-tuned model apart from its base', async () => {
    const { list } = setUp([listed('gpt-4o', 'ft:gpt-4o:acme::1')]);
    const [tuned] = await list.get(signal);
    expect(tuned).toMatchObject({ id: 'ft:gpt-4o:acme::1', aliases: [], contextWindow: 128_000 });
    expect(tuned?.pricing).toBeUndefined();
  });

  it('leaves out what a call to it would be refused for', async () => {
    const { list } = setUp([listed('whisper-1', 'gpt-4', 'gpt-5.4')], AT_OPENAI);
    expect(idsOf(await list.get(signal))).toEqual(['gpt-5.4']);
  });

  it('leaves out models that only make embeddings', async () => {
    const { list } = setUp([listed('text-embedding-3-small', 'gpt-4o')]);
    expect(idsOf(await list.get(signal))).toEqual(['gpt-4o']);
  });

  it('tells what was declared, with what is not known as 0 or empty', async () => {
    const fields = { contextWindow: 8192, prices: { standard: { input: '1' } } };
    const declared = [{ pattern: 'llama-*', fields }];
    const { list } = setUp([listed('llama-4')], { ...ELSEWHERE, declared });
    const [model] = await list.get(signal);
    expect(model).toMatchObject({
      id: 'llama-4',
      contextWindow: 8192,
      maxTokens: 0,
      maxInputTokens: 0,
      supportsImages: false,
      supportsTools: false,
      pricing: { input: '1', cachedInput: '', output: '', currency: 'USD' },
      features: { functionCalling: false, thinkingMode: false },
      knowledgeCutoff: '',
    });
  });

  it('warns at OpenAI of a shutdown within 30 days, by the day that the upstream tells', async () => {
    const answer = [
      { id: 'gpt-5', shutdownDate: '' },
      { id: 'gpt-5.2', shutdownDate: '2026-12-01' },
      { id: 'o3', shutdownDate: '2027-06-01' },
    ];
    const { list } = setUp([answer], AT_OPENAI);
    expect(await list.get(signal)).toMatchObject([
      {
        shutdownDate: '2026-12-11',
        replacement: 'gpt-6.1-sol',
        warnings: ['OpenAI will shut down gpt-5 on 2026-12-11; use gpt-6.1-sol instead.'],
      },
      {
        shutdownDate: '2026-12-01',
        warnings: ['OpenAI will shut down gpt-5.2 on 2026-12-01.'],
      },
      { shutdownDate: '2027-06-01', warnings: [] },
    ]);
  });

  it('does not warn elsewhere of what OpenAI does to its own', async () => {
    const { list } = setUp([listed('gpt-4', 'gpt-5')]);
    expect(await list.get(signal)).toMatchObject([
      { id: 'gpt-4', shutdownDate: '2026-10-23', warnings: [] },
      { id: 'gpt-5', shutdownDate: '2026-12-11', warnings: [] },
    ]);
  });
});

describe('the models of an upstream that was not heard yet', () => {
  it('are at OpenAI those that it has not shut down', () => {
    const { list, asked } = setUp([], AT_OPENAI);
    const ids = idsOf(list.known);
    expect(ids).toEqual(ids.toSorted());
    expect(ids).toContain('gpt-6-sol');
    expect(ids).not.toContain('gpt-4');
    expect(ids).not.toContain('text-embedding-3-small');
    expect(list.known.every(({ available }) => !available)).toBe(true);
    expect(asked()).toBe(0);
  });

  it('are elsewhere all that answer', () => {
    expect(setUp([]).list.known).toHaveLength(58);
  });
});
