import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import type { ErrorReason } from '../../../src/core/error-kinds.ts';
import { type ErrorFacts, ProviderError } from '../../../src/core/errors.ts';
import type { MessageRequest } from '../../../src/core/message.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { AZURE, aRouter, asking, OPENAI, words } from './a-router.ts';

const TOOLS = [{ name: 'look' }];

function failure(reason: ErrorReason, facts: ErrorFacts = {}): ProviderError {
  return new ProviderError(reason, facts);
}

/** Where a call is, and where it may go on. */
function placeOf(call: Call | undefined) {
  if (call === undefined) return undefined;
  const { upstream, record, alternatives } = call;
  const rest = alternatives.map((route) => `${route.upstream}/${route.model}`);
  return [`${upstream}/${record.model}`, ...rest];
}

async function nextAfter(
  request: Partial<MessageRequest>,
  error: ProviderError,
  { router } = aRouter(),
): Promise<Call | undefined> {
  return router.next(router.first(asking(request)), error);
}

describe('the first route', () => {
  it('is prepared, with the others behind it', () => {
    const { router } = aRouter();
    const fallbackModels = ['azure', 'gpt-thinks'];
    const call = router.first(asking({ model: 'gpt-own', fallbackModels }));
    expect(placeOf(call)).toEqual(['default/gpt-own', 'azure/gpt-own', 'default/gpt-thinks']);
    expect(call.left).toBeUndefined();
  });

  it('is sent the name that its upstream has for the model, or for that of a snapshot', () => {
    const { router } = aRouter();
    const call = router.first(asking({ model: 'azure/gpt-own' }));
    expect(call).toMatchObject({ upstream: 'azure', model: 'prod', record: { model: 'gpt-own' } });
    expect(call.target.model.id).toBe('gpt-own');
    expect(router.first(asking({ model: 'azure/gpt-own-2026' })).model).toBe('prod');
    expect(router.first(asking({ model: 'azure/toString' })).model).toBe('toString');
  });

  it('obeys the rules of its upstream', () => {
    const surface = 'responses';
    const upstreams = new Map([
      ['default', OPENAI],
      ['azure', { ...AZURE, surface } as const],
    ]);
    const { router } = aRouter({ upstreams });
    expect(router.first(asking({ model: 'azure/x' })).target).toMatchObject({ surface });
    expect(() => router.first(asking({ model: 'x' }))).toThrow('not in the catalogue');
  });

  it('is the next one if there is no such model', async () => {
    const { router, telemetry } = aRouter();
    const fallbackModels = ['gpt-old', 'azure/gpt-own', 'gpt-default'];
    const call = router.first(asking({ model: 'gpt-none', fallbackModels }));
    expect(placeOf(call)).toEqual(['azure/gpt-own', 'default/gpt-default']);
    expect(call.warnings).toEqual([
      'Fell back from default/gpt-none to azure/gpt-own: MODEL_NOT_FOUND.',
    ]);
    expect(await telemetry.measured(METRICS.fallbacks.name)).toMatchObject([
      {
        value: 1,
        attributes: {
          'tamma.provider.target': 'default',
          'tamma.provider.reason': 'MODEL_NOT_FOUND',
        },
      },
    ]);
  });

  it.each<[string, Partial<MessageRequest>, ErrorReason]>([
    ['with what is wrong with the request', { temperature: 3 }, 'INVALID_REQUEST'],
    ['if there is no such model either', { fallbackModels: ['gpt-old'] }, 'MODEL_NOT_FOUND'],
    ['if it goes nowhere', { fallbackModels: [] }, 'MODEL_NOT_FOUND'],
  ])('is refused %s', (_, request, reason) => {
    const { router } = aRouter();
    const call = asking({ model: 'gpt-none', fallbackModels: ['azure'], ...request });
    expect(() => router.first(call)).toThrow(expect.objectContaining({ reason }));
    expect(call.record.model).toBe('gpt-none');
  });

  it('is the only one for a missing model where the configuration says so', () => {
    const { router } = aRouter({}, { on: ['TIMEOUT'] });
    const call = asking({ model: 'gpt-none', fallbackModels: ['azure'] });
    expect(() => router.first(call)).toThrow('not in the catalogue');
  });

  it('is not left for what the request asks of its model', () => {
    const { router } = aRouter({}, { on: ['UNSUPPORTED_PARAMETER', 'INVALID_REQUEST'] });
    const request = { model: 'gpt-thinks', temperature: 1, fallbackModels: ['gpt-default'] };
    expect(() => router.first(asking(request))).toThrow('request.temperature');
    const embedding = { model: 'embeds', fallbackModels: ['gpt-default'] };
    expect(() => router.first(asking(embedding))).toThrow('request.model');
  });

  it('must have a price where unpriced models are refused', () => {
    const { router } = aRouter({ refuseUnpriced: true });
    expect(() => router.first(asking())).toThrow('gpt-default, of which no price is known');
    expect(router.first(asking({ model: 'gpt-priced' })).model).toBe('gpt-priced');
  });

  it('must be at an upstream that there is', () => {
    const { router } = aRouter({ upstreams: new Map() });
    expect(() => router.first(asking())).toThrow(expect.objectContaining({ reason: 'INTERNAL' }));
  });
});

describe('the fallback models of a request', () => {
  it('are refused all at once, beside what else is wrong', () => {
    const { router } = aRouter();
    const fallbackModels = [
      'gpt-typo',
      'azure/any',
      'azure/',
      'embeds',
      'a\nb',
      'gpt-old',
      'azure',
    ];
    const call = asking({ fallbackModels, temperature: 3 });
    const path = (index: number) => `request.fallback_models[${index}]`;
    expect(() => router.first(call)).toThrow(
      expect.objectContaining({
        reason: 'INVALID_REQUEST',
        facts: expect.objectContaining({
          fieldViolations: [
            expect.objectContaining({ field: 'request.temperature' }),
            expect.objectContaining({ field: path(4) }),
            { field: path(0), description: 'names gpt-typo, which is not in the catalogue' },
            { field: path(2), description: 'must name a model behind the slash' },
            { field: path(3), description: 'must not be a model that only makes embeddings' },
          ],
        }),
      }),
    );
  });
});

describe('the next route', () => {
  it('is prepared from what the caller asked, and tells why', async () => {
    const { router, telemetry } = aRouter();
    const request = { model: 'gpt-own', fallbackModels: ['gpt-default', 'azure'] };
    const first = { ...router.first(asking(request)), key: 3 };
    const second = await router.next(first, failure('TIMEOUT'));
    expect(placeOf(second)).toEqual(['default/gpt-default', 'azure/gpt-own']);
    expect(second?.request).toEqual(asking(request).asked);
    expect(second?.applied.systemPromptAdded).toBe(false);
    expect(second?.warnings).toEqual([
      'Fell back from default/gpt-own to default/gpt-default: TIMEOUT.',
    ]);
    const third = second && (await router.next(second, failure('NETWORK_ERROR')));
    expect(placeOf(third)).toEqual(['azure/gpt-own']);
    expect(third).toMatchObject({ model: 'prod', applied: { systemPromptAdded: true } });
    expect(third?.warnings).toEqual([
      'Fell back from default/gpt-own to default/gpt-default: TIMEOUT.',
      'Fell back from default/gpt-default to azure/gpt-own: NETWORK_ERROR.',
    ]);
    expect(third && (await router.next(third, failure('TIMEOUT')))).toBeUndefined();
    expect(await telemetry.measured(METRICS.fallbacks.name)).toMatchObject([
      { value: 1 },
      { value: 1 },
    ]);
  });

  it('does not have what was left out for the one before', async () => {
    const { router } = aRouter();
    const messages = [...words(90).messages, { role: 'user', content: 'Well?' } as const];
    const call = asking({
      messages,
      model: 'gpt-100',
      maxTokens: 20,
      contextPolicy: 'truncate_oldest',
      fallbackModels: ['gpt-400'],
    });
    const first = await router.fit(router.first(call));
    expect(first.truncation?.droppedMessages).toEqual([0]);
    const second = await router.next(first, failure('TIMEOUT'));
    expect(second?.request.messages).toHaveLength(2);
    expect(second).not.toHaveProperty('truncation');
  });

  it('is without the sampling parameters that its model does not take', async () => {
    const request = { model: 'gpt-default', temperature: 0.5, fallbackModels: ['gpt-thinks'] };
    const call = await nextAfter(request, failure('TIMEOUT'));
    expect(call?.request).not.toHaveProperty('temperature');
    expect(call?.target.surface).toBe('responses');
    expect(call?.warnings).toEqual([
      'Fell back from default/gpt-default to default/gpt-thinks: TIMEOUT.',
      expect.stringMatching(/^So that the fallback can answer, request.temperature was left out: /),
    ]);
  });

  it('is one that takes the rest of the request', async () => {
    const request = { tools: TOOLS, fallbackModels: ['gpt-mute', 'gpt-old', 'gpt-own'] };
    expect(placeOf(await nextAfter(request, failure('TIMEOUT')))).toEqual(['default/gpt-own']);
  });

  it('is none if there is none, and the record keeps its model', async () => {
    const { router } = aRouter();
    const call = router.first(asking({ tools: TOOLS, fallbackModels: ['gpt-mute'] }));
    expect(await router.next(call, failure('TIMEOUT'))).toBeUndefined();
    expect(call.record.model).toBe('gpt-default');
  });

  it.each<ErrorReason>(['INVALID_API_KEY', 'QUOTA_EXCEEDED', 'PERMISSION_DENIED'])(
    'is at another upstream after %s, for good',
    async (reason) => {
      const { router } = aRouter();
      const fallbackModels = ['gpt-own', 'azure', 'gpt-thinks', 'azure/any'];
      const call = await nextAfter({ fallbackModels }, failure(reason), { ...aRouter(), router });
      expect(placeOf(call)).toEqual(['azure/gpt-default', 'default/gpt-thinks', 'azure/any']);
      const next = call && (await router.next(call, failure('TIMEOUT')));
      expect(placeOf(next)).toEqual(['azure/any']);
    },
  );

  it.each<[string, string, string[], ErrorFacts, string[] | undefined]>([
    ['the next larger one', 'gpt-200', ['gpt-100', 'azure', 'gpt-400'], {}, ['default/gpt-400']],
    ['one of unknown size', 'gpt-200', ['gpt-100', 'gpt-own'], {}, ['default/gpt-own']],
    ['any after one of unknown size', 'gpt-own', ['gpt-100'], {}, ['default/gpt-100']],
    ['larger than the upstream says', 'gpt-own', ['gpt-100'], { tokenLimit: 90 }, undefined],
    [
      'the same where the limit is low',
      'gpt-400',
      ['azure'],
      { tokenLimit: 50 },
      ['azure/gpt-400'],
    ],
    ['none if none is larger', 'gpt-400', ['gpt-100', 'azure'], {}, undefined],
  ])(
    'takes longer conversations after CONTEXT_TOO_LONG: %s',
    async (_, model, fallbackModels, facts, expected) => {
      const error = failure('CONTEXT_TOO_LONG', facts);
      expect(placeOf(await nextAfter({ model, fallbackModels }, error))).toEqual(expected);
    },
  );

  it('is one into whose window the conversation fits', async () => {
    const request = { ...words(150), fallbackModels: ['gpt-100', 'gpt-200', 'gpt-400'] };
    const call = await nextAfter({ ...request, maxTokens: 60 }, failure('TIMEOUT'));
    expect(placeOf(call)).toEqual(['default/gpt-400']);
    expect(call?.warnings).toEqual([
      'Fell back from default/gpt-default to default/gpt-100: TIMEOUT.',
      'Fell back from default/gpt-100 to default/gpt-200: CONTEXT_TOO_LONG.',
      'Fell back from default/gpt-200 to default/gpt-400: CONTEXT_TOO_LONG.',
    ]);
  });

  it('fails as counting fails', async () => {
    const error = failure('INTERNAL');
    const tokens = { countEach: () => Promise.reject(error) };
    const router = aRouter({}, {}, { tokens });
    const request = { ...words(150), fallbackModels: ['gpt-100'] };
    await expect(nextAfter(request, failure('TIMEOUT'), router)).rejects.toBe(error);
  });

  it('fails where preparing has a bug', async () => {
    const { router } = aRouter();
    const call = router.first(asking());
    const lost = { ...call, alternatives: [{ upstream: 'nowhere', model: 'x' }] };
    await expect(router.next(lost, failure('TIMEOUT'))).rejects.toThrow('no upstream nowhere');
  });
});

describe('a conversation', () => {
  it('that surely fits is not counted', () => {
    const { router, tokens } = aRouter();
    const call = router.first(asking({ model: 'gpt-400' }));
    expect(router.fit(call)).toBe(call);
    expect(tokens.counted).toEqual([]);
  });

  it('that is too long goes on to a model that takes it', async () => {
    const { router } = aRouter();
    const request = { ...words(150), model: 'gpt-100', fallbackModels: ['gpt-200', 'gpt-400'] };
    const call = await router.fit(router.first(asking({ ...request, maxTokens: 60 })));
    expect(placeOf(call)).toEqual(['default/gpt-400']);
    expect(call.warnings).toEqual([
      'Fell back from default/gpt-100 to default/gpt-200: CONTEXT_TOO_LONG.',
      'Fell back from default/gpt-200 to default/gpt-400: CONTEXT_TOO_LONG.',
    ]);
  });

  it.each([
    ['there is none', ['gpt-100', 'azure'], {}],
    ['the configuration says so', ['gpt-400'], { on: [] }],
  ])('that is too long is refused where %s', async (_, fallbackModels, fallback) => {
    const { router } = aRouter({}, fallback);
    const call = router.first(asking({ ...words(150), model: 'gpt-100', fallbackModels }));
    await expect(router.fit(call)).rejects.toMatchObject({
      reason: 'CONTEXT_TOO_LONG',
      facts: { tokenLimit: 75, model: 'gpt-100' },
    });
    expect(call.record.model).toBe('gpt-100');
  });
});

describe('what sends a call on', () => {
  it.each<[ErrorReason, boolean, boolean]>([
    ['TIMEOUT', true, true],
    ['BUDGET_EXCEEDED', false, false],
    ['CONTENT_FILTERED', false, false],
    ['INVALID_REQUEST', false, true],
    ['UNSUPPORTED_PARAMETER', false, true],
  ])('%s: from the first route %s, from a fallback %s', async (reason, fromFirst, fromFallback) => {
    const { router } = aRouter();
    const first = router.first(asking({ fallbackModels: ['azure', 'gpt-own'] }));
    expect(router.leaves(first, failure(reason))).toBe(fromFirst);
    const second = await router.next(first, failure('TIMEOUT'));
    expect(second && router.leaves(second, failure(reason))).toBe(fromFallback);
  });

  it('is configured, but content that was refused stays refused', () => {
    const { router } = aRouter({}, { on: ['BUDGET_EXCEEDED', 'CONTENT_FILTERED'] });
    const call = router.first(asking({ fallbackModels: ['azure'] }));
    expect(router.leaves(call, failure('BUDGET_EXCEEDED'))).toBe(true);
    expect(router.leaves(call, failure('TIMEOUT'))).toBe(false);
    expect(router.leaves(call, failure('CONTENT_FILTERED'))).toBe(false);
  });
});
