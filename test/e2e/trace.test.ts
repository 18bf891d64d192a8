import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { collect, failureOf, statusDetail } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { httpError } from '../support/upstream/index.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const METADATA = {
  traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01`,
  tracestate: 'vendor=1',
  baggage: 'tenant=acme',
};

let running: RunningApp;
beforeEach(async () => {
  running = await startApp('defaultModel: gpt-5.4');
});
afterEach(() => running.stop());

describe("the caller's trace", () => {
  it('goes on to the upstream, without what its systems say of themselves', async () => {
    const { client, stub } = running;
    await collect(client.provider.stream('SendMessage', aRequest(), { metadata: METADATA }));
    const headers = stub.requests[0]?.headers;
    expect(headers?.traceparent).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-01$`));
    expect(headers?.traceparent).not.toContain('00f067aa0ba902b7');
    expect(headers).not.toHaveProperty('tracestate');
    expect(headers).not.toHaveProperty('baggage');
  });

  it('goes on with its state if that is configured', async () => {
    const other = await startApp('{defaultModel: gpt-5.4, sendTraceState: true}');
    await other.client.provider.unary('SendMessageSync', aRequest(), { metadata: METADATA });
    expect(other.stub.requests[0]?.headers.tracestate).toBe('vendor=1');
    await other.stop();
  });

  it('is in the log line of the call', async () => {
    const { client, log } = running;
    await collect(client.provider.stream('SendMessage', aRequest(), { metadata: METADATA }));
    await expect(log.ofCall('SendMessage')).resolves.toMatchObject({
      trace_id: TRACE_ID,
      code: 'OK',
      model: 'gpt-5.4',
      finish_reason: 'stop',
      input_tokens: 6,
      output_tokens: 5,
    });
  });

  it('is in the details of an error, and in its log line', async () => {
    const { client, stub, log } = running;
    stub.enqueue(httpError(403));
    const failure = await failureOf(
      client.provider.unary('SendMessageSync', aRequest(), { metadata: METADATA }),
    );
    const info = statusDetail(failure, 'google.rpc.ErrorInfo');
    expect(info.metadata).toMatchObject({ trace_id: TRACE_ID });
    await expect(log.ofCall('SendMessageSync')).resolves.toMatchObject({
      trace_id: TRACE_ID,
      reason: 'PERMISSION_DENIED',
    });
  });
});

describe('the metrics', () => {
  it('tell models apart that the upstream answers to, and sum up all other names', async () => {
    const { client, stub, app } = running;
    await collect(client.provider.stream('SendMessage', aRequest()));
    for (const model of ['invented-1', 'invented-2']) {
      stub.enqueue(httpError(404, { code: 'model_not_found' }));
      await collect(client.provider.stream('SendMessage', aRequest({ model })));
    }
    const scraped = await (await fetch(`http://${app.adminAddress}/metrics`)).text();
    expect(series(scraped, 'gen_ai_client_inference_duration_seconds_count')).toEqual([
      expect.stringMatching(/gen_ai_request_model="gpt-5\.4".* 1$/),
      expect.stringMatching(/gen_ai_request_model="other".* 2$/),
    ]);
    expect(series(scraped, 'rpc_server_call_duration_seconds_count')).toEqual([
      expect.stringMatching(/rpc_method="\S+IAIProvider\/SendMessage".*"OK".* 1$/),
      expect.stringMatching(/rpc_method="\S+IAIProvider\/SendMessage".*"NOT_FOUND".* 2$/),
    ]);
    expect(scraped).not.toContain('invented');
  });

  it('name no user and no project, those of budgets of theirs included', async () => {
    await running.stop();
    const budget = (scope: string) =>
      `{name: each-${scope}, scope: ${scope}, match: "*", limit: 5}`;
    running = await startApp(
      `{defaultModel: gpt-5.4, budgets: [${budget('user')}, ${budget('project')}]}`,
    );
    const { client, app } = running;
    const metadata = { user_id: 'ada-lovelace', project_id: 'the-engine' };
    await client.provider.unary('SendMessageSync', aRequest({ metadata }));
    const scraped = await (await fetch(`http://${app.adminAddress}/metrics`)).text();
    expect(series(scraped, 'tamma_provider_budget_spent')).toHaveLength(2);
    expect(scraped).not.toMatch(/ada-lovelace|the-engine/);
  });
});

/** The lines of one metric. */
function series(scraped: string, name: string): string[] {
  return scraped.split('\n').filter((line) => line.startsWith(`${name}{`));
}
