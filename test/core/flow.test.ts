import { describe, expect, it, jest } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import { Flow } from '../../src/core/flow.ts';

const source = () => ({ unread: false, pause: jest.fn(), resume: jest.fn() });

describe('Flow', () => {
  it('pauses and resumes the attempt that runs', () => {
    const flow = new Flow();
    const running = source();
    flow.attach(running);
    flow.hold();
    flow.hold();
    expect(running.pause).toHaveBeenCalledTimes(1);
    flow.release();
    flow.release();
    expect(running.resume).toHaveBeenCalledTimes(1);
  });

  it('pauses an attempt that begins while it is held', () => {
    const flow = new Flow();
    flow.hold();
    const running = source();
    flow.attach(running);
    expect(running.pause).toHaveBeenCalledTimes(1);
  });

  it('resumes the attempt that runs, not the one before', () => {
    const flow = new Flow();
    const [first, second] = [source(), source()];
    flow.attach(first);
    flow.hold();
    flow.detach(first);
    flow.attach(second);
    // The end of the first may be told late.
    flow.detach(first);
    flow.release();
    expect(first.resume).not.toHaveBeenCalled();
    expect(second.resume).toHaveBeenCalledTimes(1);
  });

  it('is released before a resume delivers', () => {
    const flow = new Flow();
    const seen: boolean[] = [];
    flow.attach({ ...source(), resume: () => seen.push(flow.held) });
    flow.hold();
    flow.release();
    expect(seen).toEqual([false]);
  });

  it('may be held again by what a resume delivers', () => {
    const flow = new Flow();
    const pause = jest.fn();
    flow.attach({ ...source(), pause, resume: () => flow.hold() });
    flow.hold();
    flow.release();
    expect(flow.held).toBe(true);
    expect(pause).toHaveBeenCalledTimes(2);
  });

  it('tells its watcher', () => {
    const flow = new Flow();
    const watcher = { held: jest.fn(), released: jest.fn() };
    flow.watch(watcher);
    flow.hold();
    flow.release();
    flow.watch(undefined);
    flow.hold();
    expect([watcher.held, watcher.released].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });

  it('lets wait for the release, which the end of the call ends, too', async () => {
    const flow = new Flow();
    const controller = new AbortController();
    await flow.released(controller.signal);
    flow.hold();
    const released = flow.released(controller.signal);
    flow.release();
    await released;
    flow.hold();
    const ended = flow.released(controller.signal);
    const reason = new ProviderError('DEADLINE_EXCEEDED');
    controller.abort(reason);
    await expect(ended).rejects.toBe(reason);
  });
});
