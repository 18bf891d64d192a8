import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import type { MessageRequest } from '../../src/core/message.ts';
import { createOpenAIProvider } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { until } from '../openai/open-upstream.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { type StubUpstream, silent, startStubUpstream } from '../support/upstream/index.ts';

const REQUEST: MessageRequest = { messages: [{ role: 'user', content: 'Say hello' }] };
const CALLS = 40;
const MINUTE_MS = 60_000;

let stub: StubUpstream;
let relay: Relay;
let provider: OpenAIProvider;
let clock: FakeClock;

beforeEach(async () => {
  clock = new FakeClock();
  stub = await startStubUpstream();
  relay = await startRelay(stub.port);
  provider = createOpenAIProvider(
    {
      version: '1.2.3',
      keys: [],
      baseUrl: `http://127.0.0.1:${relay.port}/v1`,
      defaultModel: 'gpt-test',
      rateLimit: { enabled: false },
      breaker: { maxWaitMs: 0 },
    },
    { clock },
  );
});

afterEach(async () => {
  await provider.dispose();
  await relay.close();
  await stub.close();
});

const call = (options = {}) => provider.sendMessageSync(REQUEST, options);
const calls = (options = {}) => Array.from({ length: CALLS }, () => call(options));

/** Leaves connections behind over which calls were answered, and lets them die. */
async function leaveDeadConnections(): Promise<void> {
  await Promise.all(calls());
  expect(relay.accepted).toBe(CALLS);
  await free();
  relay.die();
}

/** The end of the bodies is on its way; the connections are free behind it. */
async function free(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await nextTurn();
}

function isBlamed(): boolean {
  const [status] = provider.upstreams();
  return status?.models.some(({ circuit }) => circuit !== 'closed') ?? false;
}

describe('connections that died without a word', () => {
  it('cost calls a time-out and nothing else: all of them are answered over new ones', async () => {
    await leaveDeadConnections();
    const running = calls();
    await until(() => relay.lost >= CALLS * 100);
    clock.advance(30_000);
    const answers = await Promise.all(running);
    expect(answers.map(({ attempts }) => attempts)).toEqual(Array(CALLS).fill(2));
    expect(relay.accepted).toBe(2 * CALLS);
    expect(isBlamed()).toBe(false);
  });

  it('are not used any more after a call whose deadline ended its wait', async () => {
    await leaveDeadConnections();
    const controller = new AbortController();
    const first = call({ signal: controller.signal });
    await until(() => relay.lost > 0);
    clock.advance(6_000);
    controller.abort(new ProviderError('DEADLINE_EXCEEDED'));
    await expect(first).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    const answers = await Promise.all(calls());
    expect(answers.map(({ attempts }) => attempts)).toEqual(Array(CALLS).fill(1));
    expect(isBlamed()).toBe(false);
  });

  it('do not excuse a target that is silent over new ones as well', async () => {
    await Promise.all(calls());
    await free();
    stub.setDefault(silent());
    const running = Promise.allSettled(calls());
    await until(() => stub.requests.length === 2 * CALLS);
    clock.advance(30_000);
    await until(() => stub.requests.length === 3 * CALLS);
    clock.advance(30_000);
    const ended = await running;
    expect(ended.map(({ status }) => status)).toEqual(Array(CALLS).fill('rejected'));
    expect(isBlamed()).toBe(true);
  });
});

describe('connections that served for long', () => {
  it('are not used after five minutes, so that another address of the name is found', async () => {
    await call();
    await free();
    clock.advance(4 * MINUTE_MS);
    await call();
    await free();
    expect(relay.accepted).toBe(1);
    clock.advance(MINUTE_MS);
    await call();
    expect(relay.accepted).toBe(2);
    await until(() => stub.openConnections() === 1);
  });
});
