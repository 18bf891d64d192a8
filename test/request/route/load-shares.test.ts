import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { MessageRequest } from '../../../src/core/message.ts';
import { ComeBack } from '../../../src/policies/health/come-back.ts';
import type { TargetShare } from '../../../src/request/route/options.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { AZURE, aRouter, asking, OPENAI } from './a-router.ts';

const UPSTREAMS = new Map([
  ['default', OPENAI],
  ['azure', AZURE],
  ['local', AZURE],
]);

function share(target: string, weight: number): TargetShare {
  return { target, weight };
}

const THREE = [share('default', 5), share('azure', 3), share('local', 2)];

function shared(
  targets: readonly TargetShare[] = THREE,
  {
    pattern = 'gpt-*',
    partOf = () => 1,
    promptCache = 'off',
    chains = [],
  }: {
    pattern?: string;
    partOf?: (upstream: string, model: string) => number;
    promptCache?: 'off' | 'auto';
    chains?: { pattern: string; routes: string[] }[];
  } = {},
) {
  const options = { upstreams: UPSTREAMS, promptCache, shared: [{ pattern, targets }] };
  const { router } = aRouter(options, { chains }, { partOf });
  let calls = 0;
  const first = (request: Partial<MessageRequest> = {}, fields: Partial<Call> = {}) => {
    calls += 1;
    return router.first(
      asking({ model: 'gpt-own', ...request }, { id: `call-${calls}`, ...fields }),
    );
  };
  const counts = (times: number, request: (at: number) => Partial<MessageRequest> = () => ({})) => {
    const taken: Record<string, number> = {};
    for (let at = 0; at < times; at += 1) {
      const { upstream } = first(request(at));
      taken[upstream] = (taken[upstream] ?? 0) + 1;
    }
    return taken;
  };
  return { router, first, counts };
}

function placesOf({ upstream, record, alternatives }: Call): readonly string[] {
  const rest = alternatives.map((route) => `${route.upstream}/${route.model}`);
  return [`${upstream}/${record.model}`, ...rest];
}

describe('the shares of calls that nothing pins', () => {
  it('are exact over 10,000 calls', () => {
    expect(shared().counts(10_000)).toEqual({ default: 5_000, azure: 3_000, local: 2_000 });
  });

  it('hold for each of two models that are asked in turn', () => {
    const { first } = shared([share('default', 1), share('azure', 1)]);
    const asked = [1, 2, 3, 4].map(() => ['gpt-own', 'gpt-told'].map((model) => first({ model })));
    for (const at of [0, 1]) {
      const upstreams = asked.map((pair) => pair[at]?.upstream);
      expect(upstreams).toEqual(['default', 'azure', 'default', 'azure']);
    }
  });

  it('are not for calls that name a target, nor for models of other names', () => {
    const { first } = shared([share('azure', 1), share('local', 1)]);
    expect(placesOf(first({ model: 'default/gpt-own' }))).toEqual(['default/gpt-own']);
    const others = shared([share('azure', 1)], { pattern: 'gpt-5*' });
    expect(others.first().upstream).toBe('default');
  });

  it('are for calls of the default model', () => {
    expect(shared([share('azure', 1)]).first({ model: '' }).upstream).toBe('azure');
  });

  it('are not for what goes to one place as a whole', () => {
    const { router } = shared([share('azure', 1)]);
    expect(router.first(asking({ model: 'gpt-own' }), false).upstream).toBe('default');
  });
});

describe('a call that is pinned', () => {
  it.each<[string, (of: number) => Partial<MessageRequest>, Partial<Call>]>([
    ['a prompt cache key', (of) => ({ promptCacheKey: `key-${of}` }), {}],
    ['its end user', (of) => ({ safetyIdentifier: `user-${of}` }), {}],
    ['its user', (of) => ({ metadata: { user_id: `user-${of}` } }), {}],
  ])('by %s stays at its target', (_, request) => {
    const { first } = shared();
    const pins = Array.from({ length: 50 }, (__, of) => request(of));
    const before = pins.map((pin) => first(pin).upstream);
    expect(new Set(before).size).toBe(3);
    expect(pins.map((pin) => first(pin).upstream)).toEqual(before);
    expect(pins.map((pin) => shared().first(pin).upstream)).toEqual(before);
  });

  it('by the prompt cache key of its conversation stays at its target', () => {
    const { first } = shared(THREE, { promptCache: 'auto' });
    const begin = (of: number) => ({ role: 'user' as const, content: `Question ${of}` });
    const more = [
      { role: 'assistant' as const, content: 'Hm.' },
      { role: 'user' as const, content: 'And?' },
    ];
    const numbers = Array.from({ length: 30 }, (_, of) => of);
    const upstreams = numbers.map((of) => first({ messages: [begin(of)] }).upstream);
    expect(new Set(upstreams).size).toBe(3);
    expect(numbers.map((of) => first({ messages: [begin(of), ...more] }).upstream)).toEqual(
      upstreams,
    );
  });

  it('goes where weights say, by and large', () => {
    const taken = shared().counts(4_000, (of) => ({ promptCacheKey: `key-${of}` }));
    expect(taken.default).toBeGreaterThan(1_850);
    expect(taken.default).toBeLessThan(2_150);
    expect(taken.local).toBeGreaterThan(700);
    expect(taken.local).toBeLessThan(900);
  });

  it('moves only to a target that is added', () => {
    const [two, three] = [shared(THREE.slice(0, 2)), shared()];
    let moved = 0;
    for (let of = 0; of < 1_000; of += 1) {
      const pin = { promptCacheKey: `key-${of}` };
      const [before, after] = [two.first(pin).upstream, three.first(pin).upstream];
      if (before === after) continue;
      expect(after).toBe('local');
      moved += 1;
    }
    expect(moved).toBeGreaterThan(150);
    expect(moved).toBeLessThan(250);
  });
});

describe('a target that is away', () => {
  it('leaves its share to the others, pinned calls too, and comes last', () => {
    const { first, counts } = shared(THREE, {
      partOf: (upstream) => (upstream === 'default' ? 0 : 1),
    });
    expect(counts(1_000)).toEqual({ azure: 600, local: 400 });
    for (let of = 0; of < 50; of += 1) {
      expect(placesOf(first({ promptCacheKey: `key-${of}` })).at(-1)).toBe('default/gpt-own');
    }
  });

  it('moves none of the conversations of others', () => {
    const away = shared(THREE, { partOf: (upstream) => (upstream === 'default' ? 0 : 1) });
    for (let of = 0; of < 100; of += 1) {
      const pin = { promptCacheKey: `key-${of}` };
      const { upstream } = shared().first(pin);
      if (upstream !== 'default') expect(away.first(pin).upstream).toBe(upstream);
    }
  });

  it('is asked all the same where every one is', () => {
    expect(shared(THREE, { partOf: () => 0 }).counts(100)).toEqual({
      default: 50,
      azure: 30,
      local: 20,
    });
  });

  it('is one that does not have the model', () => {
    const { counts } = shared([share('default', 1), share('azure', 1)]);
    expect(counts(10, () => ({ model: 'gpt-unheard-of' }))).toEqual({ azure: 10 });
  });

  it('comes back in a ramp', () => {
    const clock = new FakeClock();
    const comeBack = new ComeBack(clock);
    let isAway = true;
    const { counts } = shared([share('default', 1), share('azure', 1)], {
      partOf: (upstream, model) => (upstream === 'azure' ? comeBack.part(model, isAway) : 1),
    });
    expect(counts(100)).toEqual({ default: 100 });
    isAway = false;
    expect(counts(110).azure).toBe(10);
    clock.advance(15_000);
    expect(counts(310).azure).toBeCloseTo(110, -0.5);
    clock.advance(15_000);
    expect(counts(100)).toEqual({ default: 50, azure: 50 });
  });
});

describe('where a call goes on', () => {
  it('is the other targets before the chain, each once', () => {
    const { first } = shared([share('default', 1), share('azure', 1)], {
      chains: [{ pattern: '*', routes: ['azure', 'local', 'gpt-told'] }],
    });
    expect(placesOf(first())).toEqual([
      'default/gpt-own',
      'azure/gpt-own',
      'local/gpt-own',
      'default/gpt-told',
    ]);
    expect(placesOf(first())).toEqual([
      'azure/gpt-own',
      'default/gpt-own',
      'local/gpt-own',
      'azure/gpt-told',
    ]);
  });

  it('is another target after a failure', async () => {
    const { router, first } = shared([share('default', 1), share('azure', 1)]);
    const next = await router.next(first(), new ProviderError('SERVICE_UNAVAILABLE'));
    expect(next).toMatchObject({ upstream: 'azure', alternatives: [] });
  });
});
