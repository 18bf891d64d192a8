import { afterEach, describe, expect, it } from '@jest/globals';
import type { ViewAsked } from '../../src/simulator/responses/responses.ts';
import type { ViewFault } from '../../src/simulator/responses/view.ts';
import { strict } from '../../src/simulator/strict/strict.ts';
import { codeName, collect, type WireMessage } from '../support/grpc-client.ts';
import { API_KEY, aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import {
  type AnswerOptions,
  answer,
  answerText,
  type Behaviour,
  failedResponse,
} from '../support/upstream/index.ts';

const KEPT = `
defaultModel: gpt-5.4
api: responses
allowStored: true
retryPolicy: { baseDelay: 1ms, maxDelay: 2ms }
`;
const RESUME = { options: { recovery: 'STREAM_RECOVERY_RESUME' } };
const TEXT = 'An answer of a dozen words or so, which comes in as many pieces.';

let running: RunningApp;
afterEach(() => running.stop());

async function start(more = '', options: AnswerOptions = { text: TEXT }): Promise<void> {
  running = await startApp(KEPT + more);
  running.stub.setDefault(strict({ answer: answer({ paceMs: 1, ...options }) }));
}

/** The n-th connection of a response, from 0, breaks like this. */
function breaks(...faults: readonly (ViewFault | undefined)[]): void {
  let connection = 0;
  running.stub.responses.faultOf = () => faults[connection++];
}

async function ask(settings = {}, client = running.client) {
  const stream = client.provider.stream('SendMessage', { ...aRequest(), ...RESUME }, settings);
  const { messages, status } = await collect(stream);
  const of = (event: string) =>
    messages.filter((message) => message.event === event).map((one) => one[event] as WireMessage);
  const text = of('textDelta')
    .map((delta) => delta.text)
    .join('');
  const [started] = of('started');
  const [completed] = of('completed');
  return { code: codeName(status), text, started, completed, resets: of('attemptReset') };
}

/** As soon as nothing is kept upstream any more. */
async function nothingKept(): Promise<void> {
  while (running.stub.responses.stored.size > 0) await new Promise((go) => setTimeout(go, 5));
}

const pathsOf = () =>
  running.stub.otherRequests.map(
    ({ method, path }) => `${method} ${path.replace(/resp_\w+/, 'ID')}`,
  );

/** An answer whose events do not say their place. */
const uncounted: Behaviour = (exchange) => {
  exchange.headers();
  const text = answerText(exchange.request, { text: TEXT });
  for (const event of text.split(/(?<=\n\n)/)) {
    exchange.raw(event.replace(/"sequence_number":\d+,/, ''));
  }
  exchange.end();
};

describe('RESUME', () => {
  it('goes on where the connection broke, and deletes the answer', async () => {
    await start();
    breaks({ afterBytes: 6_000, how: 'reset' }, { afterBytes: 700, how: 'cut' });
    const { code, text, started, completed, resets } = await ask();
    expect({ code, text, resets }).toEqual({ code: 'OK', text: TEXT, resets: [] });
    expect(started).toMatchObject({ storedUpstream: true, warnings: [] });
    expect(completed).toMatchObject({ attempts: 1 });
    await nothingKept();
    expect(running.stub.requests).toHaveLength(1);
    expect(running.stub.requests[0]?.body).toMatchObject({ background: true, stream: true });
    expect(running.stub.requests[0]?.body).not.toHaveProperty('store');
    expect(pathsOf()).toEqual([
      expect.stringMatching(/^GET .*ID\?stream=true&starting_after=\d+$/),
      expect.stringMatching(/^GET .*ID\?stream=true&starting_after=\d+$/),
      'DELETE /v1/responses/ID',
    ]);
  });

  it('bills what was reported, once', async () => {
    await start();
    breaks({ afterBytes: 6_000, how: 'reset' });
    const { completed } = await ask();
    const usage = running.stub.requests[0]?.sentUsage;
    expect(completed?.usage).toMatchObject({
      inputTokens: usage?.prompt_tokens,
      outputTokens: usage?.completion_tokens,
      estimated: false,
    });
    const { total } = await running.client.usage.unary('GetUsage');
    expect(total).toMatchObject({ attempts: 1, outputTokens: usage?.completion_tokens });
  });

  it('waits for the end where the answer is streamed no more, and tells the rest', async () => {
    await start();
    running.stub.responses.streamableMs = -1;
    breaks({ afterBytes: 6_000, how: 'reset' });
    const { code, text } = await ask();
    expect({ code, text }).toEqual({ code: 'OK', text: TEXT });
    await nothingKept();
    expect(running.stub.requests).toHaveLength(1);
    expect(pathsOf()).toContain('GET /v1/responses/ID');
  });

  it('mends a connection that has gone silent', async () => {
    await start('timeouts: { idle: 200ms }');
    breaks({ afterBytes: 6_000, how: 'silence' });
    expect(await ask()).toMatchObject({ code: 'OK', text: TEXT });
  });

  it('mends tool calls', async () => {
    const args = JSON.stringify({
      city: 'Hanover',
      days: 12,
      unit: 'degrees of the Celsius scale',
    });
    await start('', { toolCalls: [{ name: 'get_weather', arguments: args }] });
    breaks({ afterBytes: 4_500, how: 'cut' }, { afterBytes: 500, how: 'cut' });
    const { code, completed } = await ask();
    expect(code).toBe('OK');
    expect(completed?.toolCalls).toMatchObject([{ name: 'get_weather', arguments: args }]);
  });

  it('asks what became of an answer in whose middle an error was reported', async () => {
    await start();
    running.stub.setDefault((exchange) => {
      exchange.chunk({ content: 'one ' });
      exchange.raw(
        'event: error\ndata: {"type":"error","code":"server_error","message":"oops"}\n\n',
      );
      exchange.chunk({ content: 'two' });
      exchange.chunk({}, 'stop');
      exchange.done();
      exchange.end();
    });
    expect(await ask()).toMatchObject({ code: 'OK', text: 'one two', resets: [] });
    expect(running.stub.requests).toHaveLength(1);
  });

  it('does not go on with an answer that failed', async () => {
    await start();
    running.stub.enqueue(failedResponse(2));
    expect(await ask()).toMatchObject({ code: 'OK', completed: { attempts: 2 } });
    await nothingKept();
    expect(pathsOf()).toEqual(Array(2).fill('DELETE /v1/responses/ID'));
  });

  it('waits for the end where the server does not count its events', async () => {
    await start();
    running.stub.setDefault(uncounted);
    breaks({ afterBytes: 6_000, how: 'reset' });
    expect(await ask()).toMatchObject({ code: 'OK', text: TEXT });
    expect(running.stub.requests).toHaveLength(1);
    expect(pathsOf()).toContain('GET /v1/responses/ID');
  });

  it('books an answer that broke before its id was known as an estimate, and asks again', async () => {
    await start();
    breaks({ afterBytes: 0, how: 'reset' });
    const { code, text, started, completed } = await ask();
    expect({ code, text }).toEqual({ code: 'OK', text: TEXT });
    expect(started?.warnings).toEqual([expect.stringContaining('booked as an estimate')]);
    expect(completed).toMatchObject({ attempts: 2 });
    const { total } = await running.client.usage.unary('GetUsage');
    expect(total).toMatchObject({ attempts: 2, estimatedAttempts: 1 });
    await running.log.find(({ msg }) =>
      String(msg).includes('before the id of an answer was known'),
    );
    expect(running.stub.responses.stored.size).toBe(1);
  });

  it('stops and deletes an answer whose caller leaves', async () => {
    await start('', { deltas: Array(1_000).fill('word '), paceMs: 5 });
    const leaving = new AbortController();
    running.stub.responses.faultOf = () => {
      setTimeout(() => leaving.abort(), 50);
      return undefined;
    };
    expect(await ask({ signal: leaving.signal })).toMatchObject({ code: 'CANCELLED' });
    await nothingKept();
    expect(pathsOf()).toEqual(['POST /v1/responses/ID/cancel', 'DELETE /v1/responses/ID']);
  });

  it('restarts where the upstream does not know the answer any more', async () => {
    await start();
    breaks({ afterBytes: 6_000, how: 'reset' });
    const { responses } = running.stub;
    const broken = responses.faultOf;
    responses.faultOf = (asked: ViewAsked) => {
      setTimeout(() => responses.stored.delete(asked.response.id));
      return broken(asked);
    };
    const { code, text, resets } = await ask();
    expect(code).toBe('OK');
    expect(text.endsWith(TEXT)).toBe(true);
    expect(resets).toEqual([{ attempt: 2, reason: 'ERROR_REASON_NETWORK_ERROR' }]);
  });

  it('restarts where the key is refused that asked for the answer', async () => {
    await start();
    breaks({ afterBytes: 6_000, how: 'reset' });
    const { stub } = running;
    const broken = stub.responses.faultOf;
    stub.responses.faultOf = (asked) => {
      stub.setApiKeys('another');
      return broken(asked);
    };
    const { code } = await ask();
    expect(code).toBe('UNAUTHENTICATED');
    stub.setApiKeys(API_KEY);
    expect(stub.requests).toHaveLength(2);
  });

  it('is RESTART, with a warning, where it is not allowed', async () => {
    running = await startApp(KEPT.replace('allowStored: true', ''));
    running.stub.setDefault(strict());
    const { code, started } = await ask();
    expect(code).toBe('OK');
    expect(started).toMatchObject({
      storedUpstream: false,
      warnings: [expect.stringMatching(/RESTART.*allowStored/)],
    });
    expect(running.stub.requests[0]?.body).toMatchObject({ store: false });
  });

  it('is RESTART, with a warning, over Chat Completions', async () => {
    running = await startApp(KEPT.replace('api: responses', 'api: chat_completions'));
    const { started } = await ask();
    expect(started).toMatchObject({
      storedUpstream: false,
      warnings: [expect.stringMatching(/RESTART.*Chat Completions/)],
    });
  });
});
