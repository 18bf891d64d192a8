import { setTimeout as sleep } from 'node:timers/promises';
import { Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  collect,
  connect,
  ErrorReason,
  errorDetails,
  FinishReason,
  Role,
  type Sidecar,
  StreamRecovery,
} from '../../src/client/index.ts';
import { ErrorInfo } from '../../src/gen/google/rpc/error_details.ts';
import { Status } from '../../src/gen/google/rpc/status.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { answer, cutAfter, endless, httpError, silent } from '../support/upstream/index.ts';

const request = { messages: [{ role: Role.USER, content: 'Say hello' }] };

/** The second is spoiled. */
const details = [
  {
    typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo',
    value: Buffer.from(ErrorInfo.encode(ErrorInfo.fromPartial({ reason: 'TIMEOUT' })).finish()),
  },
  { typeUrl: 'type.googleapis.com/google.rpc.BadRequest', value: Buffer.from([10, 7]) },
];

let running: RunningApp;
let sidecar: Sidecar;

beforeAll(async () => {
  running = await startApp('retryPolicy: { baseDelay: 1ms }');
  sidecar = connect(running.addresses[0] ?? '');
});
afterAll(async () => {
  sidecar.close();
  await running.stop();
});

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect(null).toBe('a failure'),
    (error: unknown) => error,
  );
}

function restore(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

describe('a client in TypeScript', () => {
  it('waits for the sidecar', async () => {
    await expect(sidecar.ready(60_000)).resolves.toBeUndefined();
    const nobody = connect('127.0.0.1:9');
    await expect(nobody.ready(1)).rejects.toThrow();
    nobody.close();
  });

  it.each(['', 'dns:///', 'ipv4:'])('asks no proxy for %s on this machine', async (scheme) => {
    const { http_proxy, no_proxy } = process.env;
    process.env.http_proxy = 'http://127.0.0.1:9';
    delete process.env.no_proxy;
    const local = connect(`${scheme}${running.addresses[0]}`);
    try {
      await expect(local.ready(10_000)).resolves.toBeUndefined();
    } finally {
      local.close();
      restore({ http_proxy, no_proxy });
    }
  });

  it('spreads its calls over several sidecars', async () => {
    const other = await startApp();
    const [one = '', two = ''] = [...running.addresses, ...other.addresses];
    const both = connect(`ipv4:${one},${two}`);
    const before = running.stub.requests.length;
    // Until both connections stand, the first has all calls.
    while (running.stub.requests.length === before || other.stub.requests.length === 0) {
      await both.sendMessageSync({ request });
    }
    both.close();
    await other.stop();
  });

  it('collects an answer, without what was taken back', async () => {
    running.stub.enqueue(cutAfter(2), answer({ text: 'Whole.' }));
    const options = { recovery: StreamRecovery.RESTART };
    const got = await collect(sidecar.sendMessage({ request, options }));
    expect(got).toMatchObject({ text: 'Whole.', reasoning: '', refusal: '' });
    expect(got.completed).toMatchObject({ finishReason: FinishReason.STOP, attempts: 2 });
  });

  it('takes a whole answer', async () => {
    const { response } = await sidecar.sendMessageSync({ request });
    expect(response?.content).toBe('Hello from the stub.');
  });

  it('asks without a request where there is nothing to say', async () => {
    expect((await sidecar.getModels()).models.length).toBeGreaterThan(1);
    expect((await sidecar.getBudgets()).budgets).toEqual([]);
    for await (const { status: seen } of sidecar.watchStatus()) {
      expect(seen?.version).toBe('1.2.3');
      break;
    }
  });

  it('reads every field that is wrong', async () => {
    const bad = { ...request, temperature: 3, topP: -1 };
    const error = await failureOf(sidecar.sendMessageSync({ request: bad }));
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    const { reason, retryable, violations, failure } = errorDetails(error);
    expect({ reason, retryable }).toEqual({ reason: 'INVALID_REQUEST', retryable: false });
    expect(violations.map(({ field }) => field).sort()).toEqual([
      'request.temperature',
      'request.top_p',
    ]);
    expect(failure).toMatchObject({ reason: ErrorReason.INVALID_REQUEST, attempts: 0 });
  });

  it('reads when to try again', async () => {
    running.stub.enqueue(
      httpError(429, {
        type: 'requests',
        code: 'rate_limit_exceeded',
        headers: { 'retry-after': '110' },
      }),
    );
    const error = await failureOf(
      collect(
        sidecar.sendMessage(
          { request: { ...request, model: 'gpt-4o-mini' } },
          { timeoutMs: 60_000 },
        ),
      ),
    );
    const { reason, retryable, retryAfterMs, quotaFailure } = errorDetails(error);
    expect({ reason, retryable }).toEqual({ reason: 'RATE_LIMIT_EXCEEDED', retryable: true });
    expect(retryAfterMs).toBeGreaterThan(100_000);
    expect(quotaFailure?.violations.length).toBeGreaterThan(0);
  });

  it('has no details of what is not the sidecar’s', () => {
    const none = { reason: '', retryable: false, violations: [] };
    expect(errorDetails(new Error('mine'))).toEqual(none);
    expect(errorDetails(undefined)).toEqual(none);
  });

  it.each([
    ['details', '', Buffer.from([10])],
    ['a detail', 'TIMEOUT', Buffer.from(Status.encode(Status.fromPartial({ details })).finish())],
  ])('passes over %s that cannot be read', (_what, reason, bytes) => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', bytes);
    const error = Object.assign(new Error(), { metadata });
    expect(errorDetails(error)).toMatchObject({ reason, retryable: false, violations: [] });
  });

  it('ends a call whose reader leaves', async () => {
    running.stub.enqueue(endless());
    const before = running.stub.requests.length;
    for await (const { event } of sidecar.sendMessage({ request })) {
      if (event?.$case === 'textDelta') break;
    }
    const asked = await running.stub.waitForRequest(before + 1);
    await asked.closed;
    expect(asked.closedBy).toBe('client');
  });

  it('ends a call whose reader leaves before the first message, or while it waits for one', async () => {
    running.stub.enqueue(silent(), silent());
    for (const waits of [false, true]) {
      const before = running.stub.requests.length;
      const messages = sidecar.sendMessage({ request })[Symbol.asyncIterator]();
      const pending = waits ? failureOf(messages.next()) : undefined;
      const asked = await running.stub.waitForRequest(before + 1);
      expect(await messages.return?.()).toMatchObject({ done: true });
      if (waits) expect(await pending).toMatchObject({ code: status.CANCELLED });
      await asked.closed;
      expect(asked.closedBy).toBe('client');
    }
  });

  it('ends a call into whose reader an error is thrown', async () => {
    running.stub.enqueue(endless());
    const before = running.stub.requests.length;
    const messages = sidecar.sendMessage({ request })[Symbol.asyncIterator]();
    await messages.next();
    const mine = new Error('mine');
    await expect(messages.throw?.(mine)).rejects.toBe(mine);
    const asked = await running.stub.waitForRequest(before + 1);
    await asked.closed;
    expect(asked.closedBy).toBe('client');
  });

  it('tells of a failure also who begins to read behind it, and harms nobody who does not read', async () => {
    sidecar.sendMessage({ request: { ...request, temperature: 3 } });
    const controller = new AbortController();
    const stream = sidecar.sendMessage({ request }, { signal: controller.signal });
    controller.abort();
    // By then both have ended.
    await sleep(1);
    await sidecar.getModels();
    expect(await failureOf(collect(stream))).toMatchObject({ code: status.CANCELLED });
    expect(await failureOf(collect(stream))).toMatchObject({ code: status.CANCELLED });
  });

  it('needs a cancel of its own where a stub of grpc-js is read, as docs/clients/typescript.md says', async () => {
    running.stub.enqueue(endless());
    const before = running.stub.requests.length;
    const stream = running.client.provider.stream('SendMessage', aRequest());
    for await (const { event } of stream) if (event === 'textDelta') break;
    const asked = await running.stub.waitForRequest(before + 1);
    // Had the first call been cancelled, the sidecar would know that before it knows of this one.
    await running.client.provider.unary('GetModels');
    expect(asked.closedBy).toBeUndefined();
    stream.cancel();
    await asked.closed;
    expect(asked.closedBy).toBe('client');
  });

  it('ends a call by its time-out, and by a signal before and while it runs', async () => {
    const gone = await failureOf(
      sidecar.sendMessageSync({ request }, { signal: AbortSignal.abort() }),
    );
    expect(gone).toMatchObject({ code: status.CANCELLED });
    // The first may end before it comes so far, and would leave its silence to another.
    running.stub.setDefault(silent());
    const late = await failureOf(sidecar.sendMessageSync({ request }, { timeoutMs: 200 }));
    expect(late).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    const before = running.stub.requests.length;
    const controller = new AbortController();
    const left = failureOf(
      collect(sidecar.sendMessage({ request }, { signal: controller.signal })),
    );
    await running.stub.waitForRequest(before + 1);
    controller.abort();
    expect(await left).toMatchObject({ code: status.CANCELLED });
    running.stub.setDefault(answer());
  });

  it('takes a time-out that gRPC has no words for as none, and none that is no number', async () => {
    for (const timeoutMs of [Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
      const { response } = await sidecar.sendMessageSync({ request }, { timeoutMs });
      expect(response?.content).toBe('Hello from the stub.');
    }
    const wrong = await failureOf(sidecar.sendMessageSync({ request }, { timeoutMs: Number.NaN }));
    expect(wrong).toBeInstanceOf(TypeError);
  });

  it('ends a call that sends although the next request is still to come', async () => {
    async function* oneAndThenNone(piece: '' | 'item') {
      if (piece !== '') yield { piece: { $case: piece, value: {} } };
      await new Promise(() => {});
    }
    const refused = await failureOf(sidecar.createBatch(oneAndThenNone('item')));
    expect(refused).toMatchObject({ code: status.INVALID_ARGUMENT });
    const controller = new AbortController();
    const left = failureOf(sidecar.createBatch(oneAndThenNone(''), { signal: controller.signal }));
    await sleep(1);
    controller.abort();
    expect(await left).toMatchObject({ code: status.CANCELLED });
  });

  it('asks for no more requests when the call is over', async () => {
    const over = Promise.withResolvers<void>();
    const left = Promise.withResolvers<string>();
    async function* items() {
      const item = { piece: { $case: 'item' as const, value: {} } };
      let seen = 'two';
      try {
        yield item;
        await over.promise;
        yield item;
        seen = 'three';
      } finally {
        left.resolve(seen);
      }
    }
    const refused = await failureOf(sidecar.createBatch(items()));
    expect(refused).toMatchObject({ code: status.INVALID_ARGUMENT });
    over.resolve();
    expect(await left.promise).toBe('two');
  });

  it('ends a call whose requests cannot be had', async () => {
    const requests = {
      [Symbol.iterator]: () => ({
        next: () => {
          throw new Error('no more disk');
        },
      }),
    };
    const error = await failureOf(sidecar.createBatch(requests));
    expect(error).toMatchObject({ message: 'no more disk' });
  });

  it('passes metadata on', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const metadata = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const bad = { ...request, temperature: 3 };
    const error = await failureOf(sidecar.sendMessageSync({ request: bad }, { metadata }));
    expect(errorDetails(error).errorInfo?.metadata).toMatchObject({ trace_id: traceId });
  });
});

describe('a token', () => {
  it('does not go over a network unencrypted', () => {
    for (const address of ['provider.example:50051', 'ipv4:127.0.0.1:1,192.0.2.1:1']) {
      expect(() => connect(address, { token: 't' })).toThrow('needs TLS');
    }
    for (const address of ['127.0.0.1:1', '[::1]:1', 'localhost:1', 'unix:/run/a.sock']) {
      connect(address, { token: 't' }).close();
    }
    connect('provider.example:50051', { token: 't', tls: { serverName: 'a' } }).close();
  });
});
