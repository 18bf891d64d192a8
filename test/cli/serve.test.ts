import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { serve } from '../../src/cli/serve.ts';
import { FakeHost, FakeSidecar } from '../support/fake-host.ts';

function setUp() {
  return { host: new FakeHost(), app: new FakeSidecar() };
}

describe('serve', () => {
  it('prints one line per listener', async () => {
    const { app, host } = setUp();
    app.whenStarted = Promise.resolve(['127.0.0.1:41234', 'unix:/run/a.sock']);
    const exitCode = serve(app, host);
    await app.whenStarted;
    await app.stop();
    expect(await exitCode).toBe(0);
    expect(host.out).toBe('listening on 127.0.0.1:41234\nlistening on unix:/run/a.sock\n');
    expect(host.err).toBe('');
  });

  it('ends with 3 when records of usage are lost', async () => {
    const sidecar = new FakeSidecar();
    const ended = serve(sidecar, new FakeHost());
    sidecar.lostRecords = 2;
    await sidecar.stop();
    expect(await ended).toBe(3);
  });

  it('ends with 0 when the sidecar stopped by itself', async () => {
    const { app, host } = setUp();
    const exitCode = serve(app, host);
    await app.stop();
    expect(await exitCode).toBe(0);
    expect(app.events).toEqual(['start', 'stop']);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'])('drains on %s and ends with 0', async (signal) => {
    const { app, host } = setUp();
    const exitCode = serve(app, host);
    host.emit(signal, signal);
    expect(await exitCode).toBe(0);
    expect(app.events).toEqual(['start', `info: stopping: ${signal}`, 'stop']);
    expect(host.exits).toEqual([]);
  });

  it.each([
    ['takes the same signal within 2 s for the same request', 'SIGINT', 2_000, []],
    ['ends at once on the same signal later', 'SIGINT', 2_001, [1]],
    ['ends at once on another signal', 'SIGTERM', 0, [1]],
  ])('%s', async (_, second, afterMs, exits) => {
    const { app, host } = setUp();
    const drained = Promise.withResolvers<void>();
    app.whenDrained = drained.promise;
    let now = 0;
    const exitCode = serve(app, host, () => now);
    host.emit('SIGINT', 'SIGINT');
    expect(host.exits).toEqual([]);
    now += afterMs;
    host.emit(second, second);
    expect(host.exits).toEqual(exits);
    const told = `fatal: told to stop again: ending without a drain: ${second}`;
    expect(app.events.includes(told)).toBe(exits.length > 0);
    drained.resolve();
    await exitCode;
    expect(app.events.filter((event) => event === 'stop')).toHaveLength(1);
  });

  it('reads the configuration again at SIGHUP, once it has started', async () => {
    const { app, host } = setUp();
    const started = Promise.withResolvers<readonly string[]>();
    app.whenStarted = started.promise;
    const exitCode = serve(app, host);
    host.emit('SIGHUP', 'SIGHUP');
    await turn();
    expect(app.events).toEqual(['start']);
    started.resolve(['127.0.0.1:50051']);
    await turn();
    expect(app.events).toEqual(['start', 'reload']);
    await app.stop();
    expect(await exitCode).toBe(0);
  });

  it.each(['SIGUSR1', 'SIGUSR2'])('goes on after %s, and says so', async (signal) => {
    const { app, host } = setUp();
    const exitCode = serve(app, host);
    host.emit(signal, signal);
    await turn();
    expect(app.events).toEqual(['start', `info: signal ignored: ${signal}`]);
    await app.stop();
    expect(await exitCode).toBe(0);
  });

  it('waits for the start before it stops', async () => {
    const { app, host } = setUp();
    const started = Promise.withResolvers<readonly string[]>();
    app.whenStarted = started.promise;
    const exitCode = serve(app, host);
    host.emit('SIGTERM', 'SIGTERM');
    await turn();
    expect(app.events).not.toContain('stop');
    started.resolve([]);
    expect(await exitCode).toBe(0);
    expect(app.events).toContain('stop');
  });

  it('says in one line why it could not start, and ends with 1', async () => {
    const { app, host } = setUp();
    app.whenStarted = Promise.reject(new Error('cannot listen on a:1:\n  address in use'));
    expect(await serve(app, host)).toBe(1);
    expect(host.err).toBe('start failed: cannot listen on a:1: address in use\n');
    expect(host.out).toBe('');
  });

  it('ends with 1 if told to stop during a start that fails', async () => {
    const { app, host } = setUp();
    const started = Promise.withResolvers<readonly string[]>();
    app.whenStarted = started.promise;
    const exitCode = serve(app, host);
    host.emit('SIGTERM', 'SIGTERM');
    started.reject('no port');
    expect(await exitCode).toBe(1);
    expect(host.err).toBe('start failed: no port\n');
    expect(app.events).not.toContain('stop');
  });

  it('ends with 1 if it cannot stop', async () => {
    const { app, host } = setUp();
    app.whenDrained = Promise.reject(new Error('stuck'));
    const exitCode = serve(app, host);
    host.emit('SIGTERM', 'SIGTERM');
    expect(await exitCode).toBe(1);
    expect(app.events).toContain('fatal: stop failed: Error: stuck');
  });

  it('lives on after a rejection that nobody handled', async () => {
    const { app, host } = setUp();
    const exitCode = serve(app, host);
    host.emit('unhandledRejection', new Error('forgotten'));
    await turn();
    expect(app.events).toEqual(['start', 'error: unhandled rejection: Error: forgotten']);
    await app.stop();
    expect(await exitCode).toBe(0);
  });

  it('drains after an exception that nobody caught, and ends with 1', async () => {
    const { app, host } = setUp();
    const exitCode = serve(app, host);
    host.emit('uncaughtException', new Error('first'));
    host.emit('uncaughtException', new Error('second'));
    expect(await exitCode).toBe(1);
    expect(app.events).toEqual([
      'start',
      'fatal: uncaught exception: Error: first',
      'fatal: uncaught exception: Error: second',
      'stop',
    ]);
  });
});
