import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import { createOpenAIUpstream } from '../../src/openai/upstream.ts';
import { aCall } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { standsStill } from '../support/stands-still.ts';
import { answer, endless, silent, stallAfter } from '../support/upstream/index.ts';
import {
  abortListeners,
  chunk,
  openUpstream,
  pulled,
  readAll,
  sseText,
  until,
} from './open-upstream.ts';

const CANCELLED = new ProviderError('CANCELLED');

/** One that takes connections and says nothing: a TLS handshake with it never ends. */
async function openMuteUpstream(connectTimeoutMs: number) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.resume();
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  const baseUrl = `https://127.0.0.1:${port}/v1`;
  const upstream = createOpenAIUpstream(
    { apiKeys: [{ secret: 'sk-test' }], baseUrl, connectTimeoutMs },
    { clock: new FakeClock() },
  );
  return { upstream, server, sockets };
}

describe('a call that ends early', () => {
  it('sends nothing if it was aborted before', async () => {
    const { stub, upstream } = await openUpstream(silent());
    const signal = AbortSignal.abort(CANCELLED);
    const { error } = await readAll((emit) => upstream.answer(aCall({ signal }), emit));
    expect(error).toBe(CANCELLED);
    expect(stub.openConnections()).toBe(0);
  });

  it('sends nothing if it is aborted while its request is built', async () => {
    const { stub, upstream } = await openUpstream(silent());
    const controller = new AbortController();
    const reading = readAll((emit) => upstream.answer(aCall({ signal: controller.signal }), emit));
    controller.abort(CANCELLED);
    expect((await reading).error).toBe(CANCELLED);
    expect(stub.openConnections()).toBe(0);
  });

  it('breaks the connection before the headers', async () => {
    const { stub, upstream } = await openUpstream(silent());
    const controller = new AbortController();
    const reading = readAll((emit) => upstream.answer(aCall({ signal: controller.signal }), emit));
    const request = await stub.waitForRequest(1);
    expect(abortListeners(controller.signal)).toBe(1);
    controller.abort(CANCELLED);
    expect((await reading).error).toBe(CANCELLED);
    await request.closed;
    expect(request.closedBy).toBe('client');
    expect(abortListeners(controller.signal)).toBe(0);
  });

  it('breaks the connection in the middle of the answer and drops what is queued', async () => {
    const { stub, upstream } = await openUpstream(stallAfter(3));
    const controller = new AbortController();
    const events = pulled(upstream, aCall({ signal: controller.signal }));
    await events.next();
    controller.abort(CANCELLED);
    await expect(events.next()).rejects.toBe(CANCELLED);
    const request = await stub.waitForRequest(1);
    await request.closed;
    expect(request.closedBy).toBe('client');
    expect(abortListeners(controller.signal)).toBe(0);
  });

  it('tells what the upstream had counted of it', async () => {
    const { stub, upstream } = await openUpstream(async (exchange) => {
      const counted = { prompt_tokens: 9, completion_tokens: 3 };
      await stallAfter(0)(exchange);
      exchange.raw(sseText({ ...chunk({ content: 'Hi' }), usage: counted }));
    });
    const controller = new AbortController();
    const told: unknown[] = [];
    const onFailedUsage = (usage: object) => told.push(usage);
    const events = pulled(upstream, aCall({ signal: controller.signal, onFailedUsage }));
    await events.next();
    controller.abort(CANCELLED);
    await expect(events.next()).rejects.toBe(CANCELLED);
    expect(told).toMatchObject([{ inputTokens: 9, outputTokens: 3, estimated: true }]);
    await (await stub.waitForRequest(1)).closed;
  });

  it('breaks the connection while the upstream is held back', async () => {
    const { stub, upstream } = await openUpstream(endless());
    const controller = new AbortController();
    const events = pulled(upstream, aCall({ signal: controller.signal }));
    await events.next();
    const request = await stub.waitForRequest(1);
    await standsStill(() => request.bytesWritten);
    controller.abort(CANCELLED);
    await expect(events.next()).rejects.toBe(CANCELLED);
    await request.closed;
    expect(request.closedBy).toBe('client');
  });

  it('gives up a connection that is still being made', async () => {
    const { upstream, server, sockets } = await openMuteUpstream(60_000);
    const controller = new AbortController();
    const reading = readAll((emit) => upstream.answer(aCall({ signal: controller.signal }), emit));
    await until(() => sockets.length === 1);
    controller.abort(CANCELLED);
    expect((await reading).error).toBe(CANCELLED);
    await until(() => sockets[0]?.destroyed === true);
    expect(abortListeners(controller.signal)).toBe(0);
    await upstream.close();
    server.close();
  });

  it('gives up a connection that takes too long', async () => {
    const { upstream, server } = await openMuteUpstream(1);
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error).toMatchObject({ reason: 'TIMEOUT', facts: { timeoutPhase: 'connect' } });
    await upstream.close();
    server.close();
  });

  it('lets go of a connection that is still being made when the upstream closes', async () => {
    const { upstream, server, sockets } = await openMuteUpstream(60_000);
    const reading = readAll((emit) => upstream.answer(aCall(), emit));
    await until(() => sockets.length === 1);
    await upstream.close();
    expect((await reading).error?.reason).toBe('SHUTTING_DOWN');
    await until(() => sockets[0]?.destroyed === true);
    server.close();
  });

  it('sends nothing if it is aborted while it waits for an idle connection', async () => {
    const { stub, upstream } = await openUpstream(answer());
    await readAll((emit) => upstream.answer(aCall(), emit));
    await until(() => stub.requests[0]?.closedBy === 'server');
    await nextTurn();
    const controller = new AbortController();
    const { signal } = controller;
    const reading = readAll((emit) => upstream.answer(aCall({ signal }), emit));
    while (abortListeners(signal) === 0) await null;
    controller.abort(CANCELLED);
    expect((await reading).error).toBe(CANCELLED);
    await until(() => stub.openConnections() === 0);
    expect(stub.requests).toHaveLength(1);
  });

  it('has its grace after the finish reason called off', async () => {
    const clock = new FakeClock();
    const finish = sseText(chunk({ content: 'a' }, 'stop'));
    const { upstream } = await openUpstream((exchange) => void exchange.raw(finish), { clock });
    const controller = new AbortController();
    const reading = readAll((emit) => upstream.answer(aCall({ signal: controller.signal }), emit));
    await until(() => clock.pending === 1);
    controller.abort(CANCELLED);
    expect((await reading).error).toBe(CANCELLED);
    expect(clock.pending).toBe(0);
  });
});

describe('a caller that leaves', () => {
  it('breaks the connection in the middle of the answer', async () => {
    const { stub, upstream } = await openUpstream(endless());
    const { signal } = new AbortController();
    for await (const event of pulled(upstream, aCall({ signal }))) {
      if (event.type === 'textDelta') break;
    }
    const request = await stub.waitForRequest(1);
    await request.closed;
    expect(request.closedBy).toBe('client');
    expect(abortListeners(signal)).toBe(0);
  });

  it('has nothing sent if it leaves while the request is built', async () => {
    const { stub, upstream } = await openUpstream(silent());
    const events = pulled(upstream, aCall());
    const first = events.next();
    await events.return?.();
    expect((await first).done).toBe(true);
    await nextTurn();
    expect(stub.openConnections()).toBe(0);
  });
});

describe('a caller that does not read', () => {
  it('holds the upstream back, and lets it go on when it reads', async () => {
    const { stub, upstream } = await openUpstream(endless());
    const events = pulled(upstream, aCall());
    await events.next();
    const request = await stub.waitForRequest(1);
    const held = await standsStill(() => request.bytesWritten);
    // The queue's high-water mark, and what the two kernels and the stub hold by themselves.
    expect(held).toBeLessThan(32 * 1024 * 1024);
    await until(() => {
      void events.next();
      return request.bytesWritten > held;
    });
    await events.return?.();
    await request.closed;
  });
});
