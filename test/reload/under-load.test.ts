import { afterEach, describe, expect, it } from '@jest/globals';
import { codeName, collect, failureOf } from '../support/grpc-client.ts';
import { fewOrMany } from '../support/long.ts';
import { aRequest } from '../support/running-app.ts';
import {
  answer,
  type Behaviour,
  httpError,
  type RecordedRequest,
} from '../support/upstream/index.ts';
import { type ReloadingApp, startReloadingApp } from './reloading-app.ts';

let running: ReloadingApp | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const RELOADS = fewOrMany(20, 200);
const CALLERS = fewOrMany(6, 16);

/** Every key that shows in a request says which version it is of. */
function version(n: number): string {
  const model = ['gpt-4o', 'gpt-4o-mini'][n % 2];
  return `
defaultModel: ${model}
project: project-${n}
profiles: {${model}: {temperature: ${(n % 100) / 100}, maxTokens: ${1_000 + n}}}
retryPolicy: {maxAttempts: 3, baseDelay: 1, maxDelay: 2}
rateLimiting: {requestsPerMinute: ${600_000 + n}}
budgets: [{name: all-calls, limit: ${100 + n}}, {name: of-${n % 3}, limit: 100}]
cache: {enabled: ${n % 2 === 0}, maxEntries: ${10 + n}}
timeout: ${60 + n}s
`;
}

const wrong = (n: number) => `${version(n)}\nfallback: {on: [NOTHING-${n}]}\n`;

/** What one call sent upstream, in all its attempts, as versions. */
function versionsOf(requests: readonly RecordedRequest[]): ReadonlySet<string> {
  return new Set(
    requests.flatMap(({ body, headers }) => {
      const n = Number(String(headers['openai-project']).slice('project-'.length));
      const model = ['gpt-4o', 'gpt-4o-mini'].indexOf(body.model ?? '');
      const sameModel = n % 2 === model;
      const tokens = Number(body.max_tokens ?? body.max_completion_tokens) - 1_000;
      return [`${n}`, `${tokens}`, sameModel ? `${n}` : 'another model'];
    }),
  );
}

const questionOf = ({ rawBody }: RecordedRequest) => /question \d+/.exec(rawBody)?.[0] ?? '';

/** The first attempt at every tenth question fails, so that calls are retried across reloads. */
function unreliable(): Behaviour {
  const whole = answer({ text: 'a few words that come one by one', paceMs: 3 });
  const broken = httpError(503);
  const failed = new Set<string>();
  return (exchange) => {
    const question = questionOf(exchange.request);
    if (!question.endsWith('0') || failed.has(question)) return whole(exchange);
    failed.add(question);
    return broken(exchange);
  };
}

describe(`${RELOADS} reloads under load, right and wrong ones by turns`, () => {
  it('fail no call, and no call sees more than one configuration', async () => {
    running = await startReloadingApp(version(0));
    const { client, stub } = running;
    stub.setDefault(unreliable());
    let goesOn = true;
    let calls = 0;
    const ends: string[] = [];
    const caller = async (): Promise<void> => {
      while (goesOn) {
        calls += 1;
        const marker = `question ${calls}`;
        const request = { messages: [{ role: 'ROLE_USER', content: marker }] };
        const { status } = await collect(client.provider.stream('SendMessage', { request }));
        ends.push(codeName(status));
      }
    };
    const callers = Array.from({ length: CALLERS }, caller);
    const revisions = new Set<string>();
    for (let n = 1; n <= RELOADS; n += 1) {
      if (n % 2 === 0) {
        const { configRevision, needsRestart } = await running.reload(version(n));
        revisions.add(configRevision);
        expect(needsRestart).toEqual([]);
      } else {
        running.write(wrong(n));
        const error = await failureOf(client.provider.unary('ReloadConfig'));
        expect(codeName(error)).toBe('INVALID_ARGUMENT');
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    goesOn = false;
    await Promise.all(callers);

    expect(revisions.size).toBe(RELOADS / 2);
    expect(new Set(ends)).toEqual(new Set(['OK']));
    expect(calls).toBeGreaterThan(CALLERS);
    const byCall = Map.groupBy(stub.requests, questionOf);
    const mixed = [...byCall.values()].map(versionsOf).filter(({ size }) => size !== 1);
    expect(mixed).toEqual([]);
    // Some of them were tried again, which is where two could mix.
    expect([...byCall.values()].some(({ length }) => length > 1)).toBe(true);
    const seen = new Set([...byCall.values()].flatMap((requests) => [...versionsOf(requests)]));
    expect(seen.size).toBeGreaterThan(2);
  });

  it('leave nothing of what was replaced behind', async () => {
    running = await startReloadingApp(version(0));
    const { client, stub } = running;
    for (let n = 2; n <= RELOADS; n += 2) {
      await running.reload(version(n));
      await client.provider.unary('SendMessageSync', aRequest());
    }
    // Each version had a connection of its own, as it names another project.
    expect(stub.requests).toHaveLength(RELOADS / 2);
    while (stub.openConnections() > 1) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
