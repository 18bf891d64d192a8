import { describe, expect, it } from '@jest/globals';
import type { BudgetState } from '../../../src/core/budget-state.ts';
import type { ErrorReason } from '../../../src/core/error-kinds.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { completed, started, text } from '../../support/events.ts';
import { collect } from '../../support/grpc-client.ts';
import type { RunningServer } from '../../support/running-server.ts';
import { serverPerTest } from '../../support/server-per-test.ts';

const PROMPT = 'a prompt that nobody may log';
const REQUEST = { request: { messages: [{ role: 'ROLE_USER', content: PROMPT }] } };

const BUDGET: BudgetState = {
  name: 'per-user',
  scope: 'user',
  subject: 'u-17',
  period: 'day',
  limit: 1n,
  spent: 1n,
  reserved: 0n,
  alertThresholds: [],
  alertsRaised: [],
  shared: false,
};

const start = serverPerTest();

const send = ({ client }: RunningServer, settings = {}) =>
  client.provider.stream('SendMessage', REQUEST, settings);

describe('the telemetry of a call', () => {
  it('logs one line per call, without the prompt and the answer', async () => {
    const server = await start();
    server.provider.script = async function* ({ options }) {
      const { record } = options;
      if (record) {
        Object.assign(record, {
          model: 'gpt-test',
          attempts: 1,
          upstreamRequestId: 'req_1',
          firstOutputAt: record.startedAt + 5,
          finishReason: 'stop',
          usage: completed().usage,
        });
      }
      yield started();
      yield text('an answer that nobody may log');
      yield completed();
    };
    const trace_id = '0af7651916cd43dd8448eb211c80319c';
    await collect(
      send(server, { metadata: { traceparent: `00-${trace_id}-b7ad6b7169203331-01` } }),
    );
    expect(server.log.lines).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        service: expect.any(String),
        msg: 'call answered',
        call_id: 'call-1',
        method: 'tamma.provider.v1.IAIProvider/SendMessage',
        code: 'OK',
        duration_ms: expect.any(Number),
        trace_id,
        span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
        model: 'gpt-test',
        attempts: 1,
        finish_reason: 'stop',
        input_tokens: 10,
        output_tokens: 5,
        time_to_first_token_ms: 5,
        upstream_request_id: 'req_1',
        last_sequence: 3,
      },
    ]);
    expect(server.telemetry.spans).toMatchObject([
      {
        name: 'tamma.provider.v1.IAIProvider/SendMessage',
        kind: 1,
        parentSpanContext: { traceId: trace_id, spanId: 'b7ad6b7169203331' },
        attributes: {
          'rpc.system.name': 'grpc',
          'rpc.method': 'tamma.provider.v1.IAIProvider/SendMessage',
          'rpc.status_code': 'OK',
          'network.peer.address': '127.0.0.1',
          'network.peer.port': expect.any(Number),
          'server.address': '127.0.0.1',
          'server.port': expect.any(Number),
        },
      },
    ]);
  });

  it.each([
    [
      'an upstream in trouble',
      new ProviderError('NETWORK_ERROR', { cause: new Error('reset') }),
      'reset',
    ],
    [
      'what broke off a stream',
      new ProviderError('STREAM_INTERRUPTED', {
        cause: new ProviderError('SERVICE_UNAVAILABLE', { cause: new Error('HTTP 502') }),
      }),
      'HTTP 502',
    ],
    [
      'a refusal, which may quote the prompt',
      new ProviderError('QUOTA_EXCEEDED', { cause: new Error(PROMPT) }),
      undefined,
    ],
    [
      'a refusal in the middle of a stream',
      new ProviderError('STREAM_INTERRUPTED', {
        cause: new ProviderError('CONTENT_FILTERED', { cause: new Error(PROMPT) }),
      }),
      undefined,
    ],
  ])('logs the cause only where it quotes nobody: %s', async (_name, error, cause) => {
    const server = await start();
    server.provider.script = () => {
      throw error;
    };
    await collect(send(server));
    const [line] = server.log.lines;
    expect(line?.level).toBe('warn');
    expect((line?.err as { message: string } | undefined)?.message).toBe(cause);
  });

  it('logs what a refusal was about, and not in whose words', async () => {
    const server = await start();
    server.provider.script = () => {
      throw new ProviderError('INVALID_REQUEST', {
        upstreamStatus: 400,
        upstreamMessage: PROMPT,
        upstreamError: { code: 'invalid_value', type: 'invalid_request_error', characters: 120 },
        fieldViolations: [{ field: 'request.seed', description: PROMPT }],
      });
    };
    await collect(send(server));
    const [line] = server.log.lines;
    expect(line).toMatchObject({
      reason: 'INVALID_REQUEST',
      upstream_error: {
        status: 400,
        code: 'invalid_value',
        type: 'invalid_request_error',
        characters: 120,
      },
      fields: ['request.seed'],
    });
    expect(JSON.stringify(server.log.lines)).not.toContain(PROMPT);
    const [span] = server.telemetry.spans;
    expect(JSON.stringify([span?.attributes, span?.status, span?.events])).not.toContain(PROMPT);
  });

  it('logs which budget a call does not fit, and whose', async () => {
    const server = await start();
    server.provider.script = () => {
      throw new ProviderError('BUDGET_EXCEEDED', { budget: BUDGET });
    };
    await collect(send(server));
    expect(server.log.lines).toMatchObject([{ budget: 'per-user', budget_subject: 'u-17' }]);
  });

  it.each<[ErrorReason, string, number, unknown]>([
    ['SERVICE_UNAVAILABLE', 'warn', 2, 'UNAVAILABLE'],
    ['RATE_LIMIT_EXCEEDED', 'warn', 0, undefined],
    ['MODEL_NOT_FOUND', 'info', 0, undefined],
    ['INTERNAL', 'error', 2, 'INTERNAL'],
  ])('logs and traces %s as %s', async (reason, level, spanStatus, errorType) => {
    const server = await start();
    server.provider.script = () => {
      throw new ProviderError(reason);
    };
    await collect(send(server));
    expect(await server.log.ofCall('SendMessage')).toMatchObject({ level, reason });
    const [span] = server.telemetry.spans;
    expect(span?.status.code).toBe(spanStatus);
    expect(span?.attributes['error.type']).toBe(errorType);
  });
});

describe('the events of a call', () => {
  it('are told of calls that answer a conversation, also of those without a line', async () => {
    const told: unknown[][] = [];
    const server = await start(
      { maxRepeatedLines: 1 },
      { callEvents: { tell: (...words) => void told.push(words.slice(0, 3)) } },
    );
    server.provider.script = async function* () {
      yield await Promise.reject(new ProviderError('SERVICE_UNAVAILABLE'));
    };
    await collect(send(server));
    await collect(send(server));
    await server.client.provider.unary('GetStatus', {});
    await server.stop();
    expect(told).toEqual(
      ['call-1', 'call-2'].flatMap((call_id) => [
        ['started', 'info', expect.objectContaining({ call_id })],
        ['failed', 'warn', expect.objectContaining({ call_id, reason: 'SERVICE_UNAVAILABLE' })],
      ]),
    );
    const lines = server.log.lines.filter(({ msg }) => msg === 'call failed');
    expect(lines).toHaveLength(1);
  });
});
