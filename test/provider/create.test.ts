import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { newCallRecord } from '../../src/core/call-record.ts';
import type { MessageRequest } from '../../src/core/message.ts';
import { createOpenAIProvider, type OpenAIProviderOptions } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { holdsSecret } from '../../src/telemetry/secrets.ts';
import { drainPulled } from '../support/events.ts';
import { tempFolders } from '../support/temp-folder.ts';
import {
  answer,
  cutAfter,
  httpError,
  type StubUpstream,
  silent,
  stallAfter,
  startStubUpstream,
} from '../support/upstream/index.ts';

const request: MessageRequest = { messages: [{ role: 'user', content: 'Say hello' }] };

const BUDGET = {
  name: 'all',
  scope: 'all',
  match: '*',
  limit: 1_000_000_000_000n,
  period: 'day',
  alertThresholds: [],
} as const;

let main: StubUpstream;
let azure: StubUpstream;
let provider: OpenAIProvider | undefined;

beforeEach(async () => {
  main = await startStubUpstream();
  azure = await startStubUpstream({ script: answer({ text: 'from azure' }) });
});

afterEach(async () => {
  await provider?.dispose();
  provider = undefined;
  await main.close();
  await azure.close();
});

/** OpenAI, so to speak, and an Azure whose gpt-4o is called otherwise. */
function open(options: Partial<OpenAIProviderOptions> = {}): OpenAIProvider {
  provider = createOpenAIProvider({
    keys: [{ secret: 'main-key', weight: 1 }],
    baseUrl: main.url,
    version: '1.2.3',
    defaultModel: 'gpt-4o',
    retry: { baseDelayMs: 1, maxDelayMs: 1 },
    targets: {
      azure: {
        keys: [{ secret: 'azure-key', weight: 1 }],
        keyHeader: 'api-key',
        baseUrl: azure.url,
        modelNames: { 'gpt-4o': 'prod-4o' },
        timeouts: {
          models: [
            { pattern: 'slow', connectMs: 60_000 },
            { pattern: '*', idleMs: 1_000 },
          ],
        },
      },
    },
    ...options,
  });
  return provider;
}

describe('several upstreams', () => {
  it('are asked by their names, in their ways', async () => {
    const answered = await open().sendMessageSync({ ...request, model: 'azure/gpt-4o' });
    expect(answered).toMatchObject({ content: 'from azure', target: 'azure' });
    expect(main.requests).toEqual([]);
    expect(azure.requests[0]?.headers).toMatchObject({ 'api-key': 'azure-key' });
    expect(azure.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(azure.requests[0]?.body.model).toBe('prod-4o');
  });

  it('have keys that are not empty, or none', () => {
    expect(() => open({ keys: [{ secret: '', weight: 1 }] })).toThrow('a key is empty');
    const target = { keys: [{ secret: '', weight: 1 }], baseUrl: azure.url };
    expect(() => open({ targets: { azure: target } })).toThrow('a key is empty');
  });

  it('have keys that a header can carry', () => {
    for (const secret of ['sk-file\n', 'a b', 'kéy']) {
      expect(() => open({ keys: [{ secret, weight: 1 }] })).toThrow('a key holds whitespace');
    }
  });

  it('are spoken to in the version of their API', async () => {
    const target = { keys: [], baseUrl: azure.url, apiVersion: 'preview' };
    await open({ targets: { azure: target } }).initialize();
    expect(azure.otherRequests[0]?.path).toBe('/v1/models?api-version=preview');
  });

  it('stand in for each other', async () => {
    main.setDefault(httpError(503));
    const answered = await open().sendMessageSync({ ...request, fallbackModels: ['azure'] });
    expect(answered).toMatchObject({
      content: 'from azure',
      target: 'azure',
      attempts: 4,
      warnings: ['Fell back from default/gpt-4o to azure/gpt-4o: SERVICE_UNAVAILABLE.'],
    });
    expect(answered.failedAttempts.map(({ target }) => target)).toEqual(Array(3).fill('default'));
    expect(main.requests).toHaveLength(3);
  });

  it('stand in as configured, and for the rest of an answer that broke off', async () => {
    main.setDefault(cutAfter(2));
    const { events: seen, error } = await drainPulled(
      open({
        fallback: { chains: [{ pattern: 'gpt-*', routes: ['azure'] }] },
        retry: { maxAttempts: 1 },
      }).sendMessage(request, { recovery: 'restart' }),
    );
    expect(error).toBeUndefined();
    const types = seen.map(({ type }) => type);
    expect(types.slice(types.indexOf('attemptReset'))).toEqual([
      'attemptReset',
      'started',
      'textDelta',
      'completed',
    ]);
    expect(seen.at(-1)).toMatchObject({ target: 'azure', usage: { estimated: true } });
  });

  it('are tested one by one, and the default one decides whether the provider is ready', async () => {
    azure.setModelsBehaviour(httpError(401, { code: 'invalid_api_key' }));
    expect(await open().initialize()).toMatchObject({
      ready: true,
      warnings: [expect.stringMatching(/^Listing the models of azure failed \(INVALID_API_KEY\)/)],
    });
    main.setModelsBehaviour(httpError(500));
    await provider?.dispose();
    expect(await open().initialize()).toMatchObject({
      ready: false,
      warnings: [expect.stringContaining('of default'), expect.stringContaining('of azure')],
    });
  });

  it('are named by scheme, host and port', () => {
    open({ baseUrl: 'http://localhost/v1', surface: 'responses', targets: {} });
    expect(provider?.upstreams()).toMatchObject([{ endpoint: 'http://localhost' }]);
  });

  it('are told apart', async () => {
    for (const model of ['gpt-4o', 'gpt-3.5', 'llama-4']) {
      await (provider ?? open()).sendMessageSync({ ...request, model: `azure/${model}` });
    }
    expect(provider?.upstreams()).toMatchObject([
      { target: 'default', endpoint: new URL(main.url).origin, models: [], keys: 1 },
      {
        target: 'azure',
        endpoint: new URL(azure.url).origin,
        models: [
          { model: 'gpt-3.5', circuit: 'closed', running: 0, queued: 0 },
          { model: 'gpt-4o', circuit: 'closed', running: 0, queued: 0 },
          { model: 'llama-4', circuit: 'closed', running: 0, queued: 0 },
        ],
      },
    ]);
  });

  it('show what they do, whoever of breaker and limiter knows of it', async () => {
    main.setDefault(silent());
    const running = open({ breaker: { enabled: false } }).sendMessageSync(request);
    running.catch(() => {});
    await main.waitForRequest(1);
    const [status] = provider?.upstreams() ?? [];
    expect(status?.models).toMatchObject([{ model: 'gpt-4o', circuit: 'closed', running: 1 }]);
  });
});

describe('keys', () => {
  it('are hidden, those of every upstream', () => {
    open({
      keys: [
        { secret: 'main-key', weight: 1 },
        { secret: 'second-key', weight: 1 },
      ],
    });
    for (const key of ['main-key', 'second-key', 'azure-key']) expect(holdsSecret(key)).toBe(true);
  });

  it('may be several, the next one taken for one that is refused', async () => {
    main.enqueue(httpError(401, { code: 'invalid_api_key' }));
    const keys = ['key-a', 'key-b'].map((secret) => ({ secret, weight: 1 }));
    await open({ keys }).sendMessageSync(request);
    expect(main.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer key-a',
      'Bearer key-b',
    ]);
    expect(provider?.upstreams()).toMatchObject([{ keys: 2, keysSetAside: 1 }, { keys: 1 }]);
  });

  it('may be none', async () => {
    expect(await open({ keys: [] }).sendMessageSync(request)).toMatchObject({ attempts: 1 });
    expect(main.requests[0]?.headers.authorization).toBeUndefined();
    expect(provider?.upstreams()).toMatchObject([{ keys: 0, keysSetAside: 0 }, { keys: 1 }]);
  });
});

describe('costs', () => {
  it('are tracked and budgeted', async () => {
    const { cost } = await open({ budgets: { budgets: [BUDGET] } }).sendMessageSync(request);
    expect(cost).toMatchObject({ unpriced: false });
    expect(provider?.getBudgets({})).toMatchObject([{ name: 'all', spent: cost?.picoDollars }]);
  });

  it('are not tracked where that is off', async () => {
    const answered = await open({ costs: { trackingEnabled: false } }).sendMessageSync(request);
    expect(answered).not.toHaveProperty('cost');
    const { total } = (await provider?.getUsage({ groupBy: [] })) ?? {};
    expect(total).toMatchObject({ attempts: 0 });
  });

  it('must be tracked for budgets', () => {
    const costs = { trackingEnabled: false };
    expect(() => open({ costs, budgets: { budgets: [BUDGET] } })).toThrow(TypeError);
  });

  it.each([
    ['refuse', { budgets: [] }, 'UNSUPPORTED_PARAMETER'],
    ['auto', { budgets: [BUDGET] }, 'UNSUPPORTED_PARAMETER'],
    ['auto', { budgets: [] }, undefined],
    ['mark', { budgets: [BUDGET] }, undefined],
  ] as const)('that nobody knows: %s with %j', async (unpriced, budgets, reason) => {
    const call = open({ costs: { unpriced }, budgets }).sendMessageSync({
      ...request,
      model: 'llama-4',
    });
    if (reason === undefined) expect((await call).cost).toMatchObject({ unpriced: true });
    else await expect(call).rejects.toMatchObject({ reason });
  });
});

describe('a provider with a ledger on disk', () => {
  const newFolder = tempFolders();
  let directory: string;

  beforeEach(() => {
    directory = newFolder();
  });

  it('leaves the directory alone if it cannot be made', async () => {
    const ledger = { directory };
    const targets = { azure: { keys: [], baseUrl: 'nowhere' } };
    expect(() => open({ ledger, targets })).toThrow('Invalid URL');
    expect(() => open({ ledger })).not.toThrow();
  });

  it('makes no further attempt of a call that was broken off by dispose', async () => {
    main.setDefault(silent());
    const record = newCallRecord(0);
    const answered = open().sendMessageSync({ ...request, fallbackModels: ['azure'] }, { record });
    const refused = expect(answered).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
    await main.waitForRequest(1);
    await provider?.dispose();
    await refused;
    expect(record.attempts).toBe(1);
  });

  it('has written down what the calls consumed that it broke off', async () => {
    main.setDefault(stallAfter(2));
    const ledger = { directory };
    const events = open({ ledger }).sendMessage(request)[Symbol.asyncIterator]();
    while ((await events.next()).value?.type !== 'textDelta');
    const broken = events.next();
    await Promise.all([
      provider?.dispose(),
      expect(broken).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' }),
    ]);
    const { rows } = await open({ ledger }).getUsage({ groupBy: ['outcome'] });
    expect(rows).toMatchObject([{ outcome: 'SHUTTING_DOWN', attempts: 1, estimatedAttempts: 1 }]);
  });

  it('tells when a budget reaches an alert threshold', async () => {
    const onAlert = jest.fn();
    provider = createOpenAIProvider(
      {
        keys: [{ secret: 'main-key', weight: 1 }],
        baseUrl: main.url,
        version: '1.2.3',
        defaultModel: 'gpt-4o-mini',
        budgets: { budgets: [{ ...BUDGET, alertThresholds: [0.000_001] }] },
      },
      { onAlert },
    );
    await provider.sendMessageSync({ ...request, maxTokens: 64 });
    expect(onAlert).toHaveBeenCalledTimes(1);
    expect(onAlert).toHaveBeenCalledWith(expect.objectContaining({ threshold: 0.000_001 }));
  });
});
