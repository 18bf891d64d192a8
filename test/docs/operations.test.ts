import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { collect } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { answer, httpError } from '../support/upstream/index.ts';

const page = readFileSync('docs/operations.md', 'utf8');
const curls = [...page.matchAll(/^curl -s 127\.0\.0\.1:9464(\/\S*)/gm)].map(
  ([, path = '']) => path,
);
const calls = [...page.matchAll(/^grpcurl -plaintext (?:-d '(.*)' )?127\.0\.0\.1:50051 (\S+)$/gm)];

let running: RunningApp;
let callId: string;
beforeAll(async () => {
  running = await startApp(`
defaultModel: gpt-5.4
retryPolicy: { baseDelay: 1ms }
costManagement: { budgetLimit: 500 }`);
  running.stub.enqueue(httpError(503), answer({ text: 'an answer' }));
  const metadata = { user_id: 'ada', project_id: 'web-shop' };
  await collect(running.client.provider.stream('SendMessage', aRequest({ metadata })));
  callId = String((await running.log.ofCall('SendMessage')).call_id);
});
afterAll(() => running.stop());

async function get(path: string) {
  const asked = path.replace('CALL_ID', callId).replace(/\?.*/, '');
  return await fetch(`http://${running.app.adminAddress}${asked}`);
}

/** Names in backquotes of the row of a question, such as `queued_ms`. */
function namesFor(question: string): string[] {
  const section = page.split('\n### ').find((text) => text.startsWith(question)) ?? '';
  const prose = section.replace(/```[\s\S]*?```/g, '');
  return [...prose.matchAll(/`([a-zA-Z_]+)`/g)].map(([, name = '']) => name);
}

describe('docs/operations.md', () => {
  it('has six questions with commands', () => {
    expect(page.match(/^### .*\?$/gm)).toHaveLength(6);
    expect(curls.length).toBeGreaterThanOrEqual(4);
    expect(calls.length).toBeGreaterThanOrEqual(3);
  });

  it.each(curls)('asks the admin port what it answers: %s', async (path) => {
    expect((await get(path)).status).toBe(200);
  });

  it.each(calls.map(([, request = '{}', method = '']) => [method, request] as const))(
    'asks the gRPC server what it answers: %s %s',
    async (method, request) => {
      const [service, rpc = ''] = method.split('/');
      const { provider, usage } = running.client;
      const client = service === 'tamma.provider.v1.IAIUsageProvider' ? usage : provider;
      expect(await client.unary(rpc, JSON.parse(request))).toEqual(expect.anything());
    },
  );

  it.each(['Why was this call slow?', 'Why was it expensive?'])(
    'names what the answer has: %s',
    async (question) => {
      const text = await (await get('/calls/CALL_ID')).text();
      const names = namesFor(question);
      expect(names.length).toBeGreaterThan(3);
      for (const name of names) expect(text).toContain(`"${name}"`);
    },
  );

  it('finds a refused key where it says', async () => {
    running.stub.enqueue(httpError(401));
    await collect(running.client.provider.stream('SendMessage', aRequest()));
    expect(await (await get('/metrics')).text()).toMatch(
      /^tamma_provider_attempts_total\{.*target="default".*outcome="INVALID_API_KEY".*\} 1$/m,
    );
  });
});
