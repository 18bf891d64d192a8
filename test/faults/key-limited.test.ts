import { afterEach, describe, expect, it } from '@jest/globals';
import { API_KEY, type RunningApp, startApp } from '../support/running-app.ts';
import { answer, type Behaviour, httpError } from '../support/upstream/index.ts';
import { type Mode, see } from './seen.ts';

let running: RunningApp;
afterEach(() => running.stop());

const MODES: readonly Mode[] = ['FAIL', 'sync'];
const OTHER_KEY = 'sk-other-0123456789abcdef';
const SHARED = { 'openai-organization': 'acme', 'openai-project': 'proj_1' };

/** Of GetStatus. */
interface Held {
  readonly models: readonly { readonly heldUntilTime: { readonly seconds: string } }[];
}

/** The first key has used up its limits, for longer than the test lasts and not so long that nobody believes it. */
function limitFirstKey(headers: Readonly<Record<string, string>> = {}): Behaviour {
  const refuse = httpError(429, {
    type: 'requests',
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': '110', ...headers },
  });
  return (exchange) =>
    exchange.request.headers.authorization === `Bearer ${API_KEY}`
      ? refuse(exchange)
      : answer()(exchange);
}

function keysAsked(): readonly (string | undefined)[] {
  return running.stub.requests.map(({ headers }) => headers.authorization);
}

async function startWithTwoKeys(group = ''): Promise<void> {
  running = await startApp(`keys: [{ environment: OTHER_KEY${group} }]`, { OTHER_KEY });
  running.stub.setApiKeys(API_KEY, OTHER_KEY);
}

describe('a key whose rate limit is exceeded', () => {
  it.each(MODES)('is left alone while the other answers all calls by %s', async (mode) => {
    await startWithTwoKeys();
    const { stub, client } = running;
    stub.setDefault(limitFirstKey());
    const seen = [];
    for (let call = 0; call < 8; call += 1) seen.push(await see(client, mode));
    expect(seen.filter((one) => one.answer !== undefined)).toHaveLength(8);
    expect(keysAsked().filter((key) => key === `Bearer ${API_KEY}`)).toHaveLength(1);
    expect(stub.requests).toHaveLength(9);
  });

  it('shows in GetStatus and in the log, once no other is left', async () => {
    running = await startApp();
    const { stub, client, log } = running;
    stub.setDefault(limitFirstKey(SHARED));
    const before = Date.now();
    const { failure } = await see(client, 'FAIL', {}, { deadline: before + 60_000 });
    expect(failure).toBeDefined();
    const { status } = await client.provider.unary('GetStatus');
    const { upstreams } = status as { readonly upstreams: readonly Held[] };
    expect(upstreams).toMatchObject([
      { models: [{ heldReason: 'ERROR_REASON_RATE_LIMIT_EXCEEDED' }] },
    ]);
    const [upstream] = upstreams;
    const until = 1_000 * Number(upstream?.models[0]?.heldUntilTime.seconds);
    expect(until).toBeGreaterThan(before + 90_000);
    expect(until).toBeLessThan(Date.now() + 111_000);
    expect(log.lines.filter(({ held_for_ms }) => held_for_ms !== undefined)).toHaveLength(1);
  });
});
