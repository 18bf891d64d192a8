import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { newCallRecord } from '../../src/core/call-record.ts';
import type { MessageRequest } from '../../src/core/message.ts';
import { type ProviderLog, SILENT } from '../../src/core/provider-log.ts';
import { createOpenAIProvider, type OpenAIProviderOptions } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { TokenCounter } from '../../src/request/tokens/token-counter.ts';
import { aBudget } from '../money/budget/books.ts';
import { drainPulled } from '../support/events.ts';
import { tempFolders } from '../support/temp-folder.ts';
import {
  answer,
  cutAfter,
  httpError,
  type StubUpstream,
  silent,
  startStubUpstream,
} from '../support/upstream/index.ts';

const request: MessageRequest = {
  messages: [{ role: 'user', content: 'Say hello' }],
  metadata: { userId: 'u1' },
};

let stub: StubUpstream;
let provider: OpenAIProvider;

function open(options: Partial<OpenAIProviderOptions> = {}): OpenAIProvider {
  return createOpenAIProvider({
    keys: [{ secret: 'test-key', weight: 1 }],
    retry: { baseDelayMs: 1, maxDelayMs: 1 },
    baseUrl: stub.url,
    organization: 'org-1',
    project: 'proj-1',
    defaultModel: 'gpt-test',
    timeouts: { connectMs: 5000, headersMs: 5000, firstTokenMs: 5000, idleMs: 5000 },
    version: '1.2.3',
    ...options,
  });
}

beforeEach(async () => {
  stub = await startStubUpstream();
  provider = open();
});

afterEach(async () => {
  await provider.dispose();
  await stub.close();
});

describe('the provider in process', () => {
  it('streams an answer and ends with the only completed', async () => {
    stub.enqueue(answer({ deltas: ['Hel', 'lo'] }));
    const record = newCallRecord(0);
    const { events, error } = await drainPulled(provider.sendMessage(request, { record }));
    expect(error).toBeUndefined();
    expect(events[0]).toMatchObject({ type: 'started', attempt: 1 });
    expect(events.filter(({ type }) => type === 'completed')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'completed', finishReason: 'stop', attempts: 1 });
    expect(record).toMatchObject({ model: 'gpt-test', attempts: 1, finishReason: 'stop' });
  });

  it('is warmed without a request, also while it is closed', async () => {
    const other = open();
    await other.warm();
    const warming = other.warm();
    await other.dispose();
    await warming;
    expect(stub.requests).toEqual([]);
  });

  it('loads the tokenizer where the first call may wait for it', async () => {
    const load = jest.spyOn(TokenCounter.prototype, 'load').mockResolvedValue();
    const day = aBudget();
    const loads = async (options: Parameters<typeof open>[0]) => {
      load.mockClear();
      const other = open(options);
      await other.loadTokenizer();
      await other.dispose();
      return load.mock.calls.length > 0;
    };
    expect(await loads({})).toBe(false);
    expect(await loads({ budgets: { budgets: [day] } })).toBe(true);
    expect(await loads({ hedge: { after: { ms: 5 } } })).toBe(true);
    expect(await loads({ hedge: { models: [{ pattern: '*', after: { ms: 5 } }] } })).toBe(true);
    load.mockRestore();
  });

  it('collects an answer, with the metadata of the request', async () => {
    stub.enqueue(answer({ deltas: ['Hel', 'lo'] }));
    const response = await provider.sendMessageSync(request);
    expect(response).toMatchObject({ content: 'Hello', metadata: { userId: 'u1' } });
    expect(stub.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer test-key',
      'openai-organization': 'org-1',
      'openai-project': 'proj-1',
    });
  });

  it('gives the reason of the break, not STREAM_INTERRUPTED, where nothing was delivered', async () => {
    stub.setDefault(cutAfter(2));
    await expect(provider.sendMessageSync(request)).rejects.toMatchObject({
      reason: 'NETWORK_ERROR',
    });
  });

  it('stops the upstream when the caller leaves the loop', async () => {
    stub.enqueue(answer({ deltas: Array.from({ length: 1000 }, () => 'x'), paceMs: 1 }));
    for await (const event of provider.sendMessage(request)) {
      if (event.type === 'textDelta') break;
    }
    const seen = await stub.waitForRequest(1);
    await seen.closed;
    expect(seen.closedBy).toBe('client');
  });

  it('stops a silent upstream at once when the caller leaves before the first event', async () => {
    stub.enqueue(silent());
    const events = provider.sendMessage(request)[Symbol.asyncIterator]();
    const first = events.next();
    const seen = await stub.waitForRequest(1);
    await events.return?.();
    expect((await first).done).toBe(true);
    await seen.closed;
    expect(seen.closedBy).toBe('client');
  });

  it('never starts an attempt whose caller leaves while it waits for its turn', async () => {
    const limited = open({ rateLimit: { maxConcurrent: 1 } });
    stub.enqueue(silent(), answer({ text: 'third' }));
    const running = limited.sendMessage(request)[Symbol.asyncIterator]();
    const ofRunning = running.next();
    const seen = await stub.waitForRequest(1);
    const queued = limited.sendMessage(request)[Symbol.asyncIterator]();
    const ofQueued = queued.next();
    // Behind the queued one in the line: had that one not left it, it would be asked first.
    const third = limited.sendMessageSync(request);
    await nextTurn();
    await queued.return?.();
    expect((await ofQueued).done).toBe(true);
    await running.return?.();
    await ofRunning;
    await seen.closed;
    expect(await third).toMatchObject({ content: 'third' });
    expect(stub.requests).toHaveLength(2);
    await limited.dispose();
  });

  it.each([
    ['CANCELLED', () => AbortSignal.abort()],
    ['DEADLINE_EXCEEDED', () => AbortSignal.timeout(1)],
  ])('ends with %s when the signal of the caller says so', async (reason, signal) => {
    stub.setDefault(silent());
    const options = { signal: signal() };
    expect((await drainPulled(provider.sendMessage(request, options))).error).toMatchObject({
      reason,
    });
  });

  it('says on initialize whether the upstream answers, and what is wrong', async () => {
    stub.models = [{ id: 'gpt-test' }];
    expect(await provider.initialize()).toEqual({
      provider: 'openai',
      version: '1.2.3',
      ready: true,
      warnings: [],
    });
    expect(await provider.getModels()).toMatchObject([{ id: 'gpt-test', available: true }]);
    expect(await provider.getCapabilities()).toMatchObject({
      supportsStreaming: true,
      supportedModels: [{ id: 'gpt-test' }],
    });
    stub.setModelsBehaviour(httpError(401, { code: 'invalid_api_key', message: 'secret' }));
    // What was told a moment ago is told again.
    expect(await provider.initialize()).toMatchObject({ ready: true });
    await provider.dispose();
    provider = open();
    const { ready, warnings } = await provider.initialize();
    expect(ready).toBe(false);
    expect(warnings).toEqual([expect.stringContaining('INVALID_API_KEY')]);
    expect(warnings[0]).not.toContain('secret');
  });

  it('does not take a cancelled initialize for an upstream that is away', async () => {
    stub.setModelsBehaviour(silent());
    await expect(provider.initialize({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      reason: 'CANCELLED',
    });
  });

  it.each([
    [
      'sendMessage',
      async (odd: never) => {
        const { error } = await drainPulled(provider.sendMessage(odd));
        throw error;
      },
    ],
    ['answer', (odd: never) => provider.answer(odd, {}, () => {})],
    ['sendMessageSync', (odd: never) => provider.sendMessageSync(odd)],
    ['countTokens', (odd: never) => provider.countTokens(odd)],
  ])('refuses what is no request in %s, and names the field', async (_method, ask) => {
    for (const [odd, field] of [
      [null, 'request'],
      [{ messages: [null] }, 'request.messages[0]'],
    ]) {
      await expect(ask(odd as never)).rejects.toMatchObject({
        reason: 'INVALID_REQUEST',
        facts: { fieldViolations: [{ field }] },
      });
    }
  });

  it('counts the tokens of a valid request only', async () => {
    expect(await provider.countTokens(request)).toMatchObject({
      inputTokens: 9,
      tokenizer: 'o200k_base',
    });
    await expect(provider.countTokens({ messages: [] })).rejects.toMatchObject({
      reason: 'INVALID_REQUEST',
    });
  });

  it('knows how the upstream fares', async () => {
    stub.setDefault(httpError(500, { message: 'oops' }));
    expect(provider.upstreams()).toMatchObject([{ healthy: true }]);
    await drainPulled(provider.sendMessage(request));
    expect(provider.upstreams()).toMatchObject([
      {
        target: 'default',
        healthy: false,
        lastFailureReason: 'SERVICE_UNAVAILABLE',
        models: [{ model: 'gpt-test', circuit: 'closed', running: 0, queued: 0 }],
        keys: 1,
        keysSetAside: 0,
      },
    ]);
  });
});

describe('the usage of a provider', () => {
  const ALL = { groupBy: ['model', 'userId'] } as const;

  it('is what its calls consumed, in the ledger', async () => {
    await provider.sendMessageSync(request);
    const { rows } = await provider.getUsage(ALL);
    expect(rows).toMatchObject([{ model: 'gpt-test', userId: 'u1', attempts: 1 }]);
    expect(provider.getBudgets({})).toEqual([]);
  });

  it('is not told to who has gone', async () => {
    const signal = AbortSignal.abort();
    await expect(provider.getUsage(ALL, { signal })).rejects.toMatchObject({ reason: 'CANCELLED' });
  });

  it('fails with a ProviderError and nothing else', async () => {
    await provider.dispose();
    const until = Number.NaN;
    await expect(provider.getUsage({ ...ALL, until })).rejects.toMatchObject({
      reason: 'INTERNAL',
    });
  });
});

describe('the models of a provider', () => {
  const newFolder = tempFolders();
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = newFolder();
    file = join(folder, 'models.json');
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function write(...models: readonly object[]): void {
    writeFileSync(file, JSON.stringify({ version: 'own', models }));
  }

  async function reopen(options: Partial<OpenAIProviderOptions>, log?: ProviderLog) {
    await provider.dispose();
    provider = createOpenAIProvider(
      {
        keys: [{ secret: 'test-key', weight: 1 }],
        baseUrl: stub.url,
        defaultModel: 'own',
        timeouts: { connectMs: 5000, headersMs: 5000, firstTokenMs: 5000, idleMs: 5000 },
        version: '1.2.3',
        ...options,
      },
      log === undefined ? {} : { log },
    );
  }

  it('are known before the upstream was asked', async () => {
    const { supportedModels, maxInputTokens, features } = await provider.getCapabilities();
    expect(supportedModels.length).toBeGreaterThan(50);
    expect(supportedModels.every(({ available }) => !available)).toBe(true);
    expect(maxInputTokens).toBe(1_047_576);
    expect(features.thinkingMode).toBe(true);
  });

  it('have the tokenizer and the window that the catalogue tells', async () => {
    expect(await provider.countTokens({ ...request, model: 'gpt-4' })).toMatchObject({
      model: 'gpt-4',
      tokenizer: 'cl100k_base',
      estimated: false,
      contextWindow: 8192,
    });
  });

  it('are unknown ones too where the upstream is not OpenAI', async () => {
    stub.enqueue(answer({ deltas: ['Hello'] }));
    expect(await provider.sendMessageSync({ ...request, model: 'llama-4' })).toMatchObject({
      content: 'Hello',
    });
  });

  it('are only known ones, and such as are served, where it is', async () => {
    await reopen({ resolve: { openAI: true } });
    for (const model of ['llama-4', 'gpt-4']) {
      await expect(provider.sendMessageSync({ ...request, model })).rejects.toMatchObject({
        reason: 'MODEL_NOT_FOUND',
      });
    }
    await reopen({ baseUrl: 'https://api.openai.com/v1' });
    await expect(provider.countTokens(request)).rejects.toMatchObject({
      reason: 'MODEL_NOT_FOUND',
    });
  });

  it('are added by a file', async () => {
    const info = jest.fn();
    write({ id: 'own', contextWindow: 1234 });
    await reopen({ catalogueFile: file }, { ...SILENT, info });
    expect(await provider.countTokens(request)).toMatchObject({ contextWindow: 1234 });
    expect(info).toHaveBeenCalledWith(expect.objectContaining({ file }), 'catalogue loaded');
  });

  it('stay as they were when the file turns invalid, and initialize says so', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout'] });
    write({ id: 'own', contextWindow: 1234 });
    await reopen({ catalogueFile: file });
    write({ id: 'own', contextWindow: 'huge' });
    jest.advanceTimersByTime(2000);
    stub.models = [{ id: 'own' }];
    expect(await provider.initialize()).toMatchObject({
      ready: true,
      warnings: [expect.stringContaining('model catalogue was refused')],
    });
    expect(await provider.getModels()).toMatchObject([{ id: 'own', contextWindow: 1234 }]);
    await provider.dispose();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('refuses to start with a file that is invalid', () => {
    write({ id: 'own', contextWindow: 'huge' });
    const options = {
      catalogueFile: file,
      baseUrl: stub.url,
      keys: [{ secret: 'k', weight: 1 }],
      version: '1',
    };
    const timeouts = { connectMs: 1, headersMs: 1, firstTokenMs: 1, idleMs: 1 };
    expect(() => createOpenAIProvider({ ...options, timeouts, defaultModel: 'own' })).toThrow(
      'models[0].contextWindow',
    );
  });
});
