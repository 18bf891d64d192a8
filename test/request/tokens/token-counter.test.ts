import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import type { MessageRequest } from '../../../src/core/message.ts';
import { type Model, unknownModel } from '../../../src/core/model.ts';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { TokenCounter } from '../../../src/request/tokens/token-counter.ts';
import { startTokenWorker, TokenThread } from '../../../src/request/tokens/token-thread.ts';
import { referenceCount } from './tiktoken-reference.ts';

const NEVER = new AbortController().signal;
const MEGABYTE = 2 ** 20;

function user(content: string): MessageRequest {
  return { messages: [{ role: 'user', content }] };
}

function modelOf(name: string): Model {
  return builtInCatalogue().find(name) ?? unknownModel(name);
}

const GPT_4O = modelOf('gpt-4o');

/** A counter, and the worker threads it started. */
function setUp() {
  const workers: Worker[] = [];
  const counter = new TokenCounter({
    startWorker: () => {
      const worker = startTokenWorker();
      workers.push(worker);
      return worker;
    },
  });
  return { counter, workers };
}

describe('TokenCounter', () => {
  let open: TokenCounter | undefined;
  /** For what needs no thread of its own: starting one takes most of the time. */
  const shared = new TokenCounter();

  afterEach(() => open?.close());
  afterAll(() => shared.close());

  function start() {
    const set = setUp();
    open = set.counter;
    return set;
  }

  it('lays out large schemas a few at a time, and none for who has gone meanwhile', async () => {
    const inputSchema = JSON.stringify({ title: 'long'.repeat(20_000) });
    const request = { ...user('Hi.'), tools: [{ name: 'look', inputSchema }] };
    let read = 0;
    const watched = {
      ...request,
      get messages() {
        read += 1;
        return request.messages;
      },
    };
    const gone = new AbortController();
    const counts = Array.from({ length: 6 }, () =>
      shared.count('gpt-4o', GPT_4O, watched, gone.signal),
    );
    const all = Promise.allSettled(counts);
    const before = read;
    gone.abort(new ProviderError('CANCELLED'));
    const outcomes = await all;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(counts.length);
    expect(read).toBe(before);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('loads a tokenizer before the first count, and says nothing where it cannot', async () => {
    const { counter, workers } = start();
    await counter.load('o200k_base');
    expect(workers).toHaveLength(1);
    await counter.countText(GPT_4O, 'How are you?', NEVER);
    expect(workers).toHaveLength(1);
    await counter.close();
    await counter.load('o200k_base');
    expect(workers).toHaveLength(1);
  });

  it('counts a request in a thread that it starts with the first count', async () => {
    const { counter, workers } = start();
    expect(workers).toHaveLength(0);
    const inputTokens = 3 + 3 + referenceCount('o200k_base', 'How are you?') + 1;
    const expected = {
      inputTokens,
      estimated: false,
      model: 'gpt-5.2',
      tokenizer: 'o200k_base',
      contextWindow: 400_000,
    };
    expect(await counter.count('gpt-5.2', modelOf('gpt-5.2'), user('How are you?'), NEVER)).toEqual(
      expected,
    );
    expect(await counter.count('gpt-5.2', modelOf('gpt-5.2'), user('How are you?'), NEVER)).toEqual(
      expected,
    );
    expect(workers).toHaveLength(1);
  });

  it('asks its thread once for the parts of a conversation, however many there are', async () => {
    const { counter, workers } = start();
    await counter.load('o200k_base');
    const asked = jest.spyOn(workers[0] as Worker, 'postMessage');
    const requests = Array.from({ length: 1_000 }, (_, n) => user('hi '.repeat(1 + (n % 3))));
    const { signal } = new AbortController();
    const counting = counter.countEach('gpt-4o', GPT_4O, requests, signal);
    // One more on it takes longer, the more there are.
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
    const counts = await counting;
    expect(asked).toHaveBeenCalledTimes(1);
    const one = await Promise.all(
      requests.slice(0, 3).map((request) => counter.count('gpt-4o', GPT_4O, request, NEVER)),
    );
    expect(counts).toEqual(requests.map((_, n) => one[n % 3]));
  });

  it('counts by the tokenizer of the model', async () => {
    const text = '数据的质量';
    const tokens = referenceCount('cl100k_base', text) + 7;
    expect(tokens).not.toBe(referenceCount('o200k_base', text) + 7);
    expect(await shared.count('gpt-4', modelOf('gpt-4'), user(text), NEVER)).toEqual({
      inputTokens: tokens,
      estimated: false,
      model: 'gpt-4',
      tokenizer: 'cl100k_base',
      contextWindow: 8192,
    });
  });

  it('counts a text by the tokenizer of the model', async () => {
    const text = '数据的质量';
    for (const name of ['gpt-4', 'gpt-4o']) {
      const model = modelOf(name);
      const tokens = referenceCount(model.tokenizer, text);
      expect(await shared.countText(model, text, NEVER)).toBe(tokens);
    }
  });

  it('rejects the count of a text with the reason of its signal', async () => {
    const { counter, workers } = start();
    const reason = new ProviderError('CANCELLED');
    await expect(counter.countText(GPT_4O, 'hi', AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(workers).toHaveLength(0);
  });

  it.each<[string, string, MessageRequest]>([
    ['a model it does not know', 'llama-3', user('hi')],
    ['a tokenizer that is assumed', 'gpt-6-sol', user('hi')],
    ['tools', 'gpt-4o', { ...user('hi'), tools: [{ name: 'now' }] }],
    ['a text it had to cut', 'gpt-4o', user('a'.repeat(10_000))],
  ])('says that it estimates for %s', async (_, model, request) => {
    expect(await shared.count(model, modelOf(model), request, NEVER)).toMatchObject({
      estimated: true,
    });
  });

  it.each([
    ['letters', 'a'.repeat(MEGABYTE)],
    ['spaces', ' '.repeat(MEGABYTE)],
    ['emoji', '😀'.repeat(MEGABYTE / 4)],
    ['Chinese letters', '数据质量决定模型性能'.repeat(MEGABYTE / 30)],
  ])('answers another count beside a megabyte of %s', async (_, text) => {
    const [long, short] = await Promise.all([
      shared.count('gpt-4o', GPT_4O, user(text), NEVER),
      shared.count('gpt-4o', GPT_4O, user('hi'), NEVER),
    ]);
    expect(long.inputTokens).toBeGreaterThan(8000);
    expect(short).toMatchObject({ inputTokens: 8, estimated: false });
  });

  it('rejects with the reason of its signal, and lets go of the signal', async () => {
    const controller = new AbortController();
    const reason = new ProviderError('CANCELLED');
    const counting = shared.count(
      'gpt-4o',
      GPT_4O,
      user('word '.repeat(MEGABYTE)),
      controller.signal,
    );
    controller.abort(reason);
    await expect(counting).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await expect(shared.count('gpt-4o', GPT_4O, user('hi'), controller.signal)).rejects.toBe(
      reason,
    );
    expect(await shared.count('gpt-4o', GPT_4O, user('hi'), NEVER)).toMatchObject({
      inputTokens: 8,
    });
  });

  it('lets go of the signal after a count', async () => {
    const { signal } = new AbortController();
    await shared.count('gpt-4o', GPT_4O, user('hi'), signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('fails what runs when the thread dies, and starts another for the next count', async () => {
    const { counter, workers } = start();
    await counter.count('gpt-4o', GPT_4O, user('hi'), NEVER);
    const counting = counter.count('gpt-4o', GPT_4O, user('word '.repeat(MEGABYTE)), NEVER);
    const failing = expect(counting).rejects.toMatchObject({ reason: 'INTERNAL' });
    await workers[0]?.terminate();
    await failing;
    expect(await counter.count('gpt-4o', GPT_4O, user('hi'), NEVER)).toMatchObject({
      inputTokens: 8,
    });
    expect(workers).toHaveLength(2);
  });

  it('keeps the error that killed the thread as cause', async () => {
    const { counter, workers } = start();
    const counting = counter.count('gpt-4o', GPT_4O, user('hi'), NEVER);
    const cause = new Error('out of memory');
    workers[0]?.emit('error', cause);
    await expect(counting).rejects.toMatchObject({ reason: 'INTERNAL', facts: { cause } });
    await workers[0]?.terminate();
  });

  it('fails with INTERNAL if no thread can be started', async () => {
    const cause = new Error('no threads left');
    const counter = new TokenCounter({
      startWorker: () => {
        throw cause;
      },
    });
    await expect(counter.count('gpt-4o', GPT_4O, user('hi'), NEVER)).rejects.toMatchObject({
      reason: 'INTERNAL',
      facts: { cause },
    });
  });

  it('fails what runs and what comes with SHUTTING_DOWN once it is closed', async () => {
    const { counter, workers } = start();
    const counting = counter.count('gpt-4o', GPT_4O, user('hi'), NEVER);
    const failing = expect(counting).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
    await counter.close();
    await failing;
    await expect(counter.count('gpt-4o', GPT_4O, user('hi'), NEVER)).rejects.toMatchObject({
      reason: 'SHUTTING_DOWN',
    });
    expect(workers).toHaveLength(1);
  });

  it('keeps a process alive while it counts, and no longer', async () => {
    const module = new URL('../../../src/request/tokens/token-counter.ts', import.meta.url);
    const script = `
      const { TokenCounter } = await import(${JSON.stringify(module.href)});
      const request = { messages: [{ role: 'user', content: 'hi' }] };
      const count = await new TokenCounter().count('gpt-4o', ${JSON.stringify(GPT_4O)}, request, new AbortController().signal);
      process.stdout.write(String(count.inputTokens));`;
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
    expect(stdout).toBe('8');
  });

  it('closes without ever having counted', async () => {
    await expect(new TokenCounter().close()).resolves.toBeUndefined();
  });

  it('shares a thread, which ends with the last who holds it', async () => {
    const workers: Worker[] = [];
    const thread = new TokenThread(() => {
      const worker = startTokenWorker();
      workers.push(worker);
      return worker;
    });
    const job = { tokenizer: 'o200k_base', prompts: [['hi']] } as const;
    const [one, two] = [{}, {}];
    for (const holder of [one, two]) thread.hold(holder);
    const long = thread.ask(one, { ...job, prompts: [['word '.repeat(MEGABYTE)]] }, NEVER);
    const failing = expect(long).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
    expect(await thread.ask(two, job, NEVER)).toMatchObject([{ tokens: 1 }]);
    await thread.release(one);
    await failing;
    expect(await thread.ask(two, job, NEVER)).toMatchObject([{ tokens: 1 }]);
    expect(workers.map(({ threadId }) => threadId)).not.toContain(-1);
    await thread.release(two);
    expect(workers.map(({ threadId }) => threadId)).toEqual([-1]);
  });
});
