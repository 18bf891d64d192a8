import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { statusDetail } from '../support/grpc-client.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { answer, httpError } from '../support/upstream/index.ts';
import { type Mode, type Seen, see } from './seen.ts';
import { QUICK_RETRIES, startTwo } from './two-upstreams.ts';

let running: RunningApp;
afterEach(() => running.stop());

const MODES: readonly Mode[] = ['FAIL', 'RESTART', 'HOLD_BACK', 'sync'];
const CALLS = 20;
const DOWN_FOR = 12;
const down = httpError(503);
/** Attempts after which a circuit opens by default, and the calls that make them. */
const OPENS_AFTER = 10;
/** A minute and ten seconds on a small scale, for opossum keeps its own time. */
const SMALL_SCALE = `${QUICK_RETRIES}\ncircuitBreaker: { openFor: 400ms }`;

describe('a primary that is down for a while', () => {
  it.each(MODES)('is not noticed by twenty calls of %s with a fallback', async (mode) => {
    const two = await startTwo(SMALL_SCALE);
    running = two;
    two.stub.setDefault(down);
    const whileDown = await seeMany(mode, DOWN_FOR);
    expect(whileDown.map(({ answer: given }) => given?.target)).toEqual(
      Array(DOWN_FOR).fill('second'),
    );
    expect(two.second.requests).toHaveLength(DOWN_FOR);
    // Three for each call until the circuit opens, and what probes there were since.
    const attempts = two.stub.requests.length;
    expect(attempts).toBeGreaterThanOrEqual(OPENS_AFTER);
    expect(attempts).toBeLessThan(3 * DOWN_FOR);

    two.stub.setDefault(answer());
    const recovering = await seeUntil(mode, ({ answer: given }) => given?.target === 'default');
    expect(recovering.every(({ answer: given }) => given !== undefined)).toBe(true);
    const after = await seeMany(mode, CALLS - DOWN_FOR);
    expect(after.map(({ answer: given }) => given)).toEqual(
      Array(CALLS - DOWN_FOR).fill(expect.objectContaining({ target: 'default', attempts: 1 })),
    );
  });

  it.each(MODES)('fails twenty calls of %s cleanly, and no longer', async (mode) => {
    running = await startApp(SMALL_SCALE.replace('openFor: 400ms', 'openFor: 400ms, maxWait: 0'));
    const { stub } = running;
    stub.setDefault(down);
    const reasons = (await seeMany(mode, DOWN_FOR)).map(reasonWithRetryInfo);
    expect(reasons.slice(0, 3)).toEqual(Array(3).fill('SERVICE_UNAVAILABLE'));
    expect(reasons).toContain('CIRCUIT_OPEN');
    expect(stub.requests.length).toBeLessThan(3 * DOWN_FOR);

    stub.setDefault(answer());
    await seeUntil(mode, ({ answer: given }) => given !== undefined);
    const after = await seeMany(mode, CALLS - DOWN_FOR);
    expect(after.every(({ answer: given }) => given?.attempts === 1)).toBe(true);
  });
});

async function seeMany(mode: Mode, count: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (let call = 0; call < count; call += 1) seen.push(await see(running.client, mode));
  return seen;
}

async function seeUntil(mode: Mode, fits: (seen: Seen) => boolean): Promise<Seen[]> {
  const all: Seen[] = [];
  for (;;) {
    const seen = await see(running.client, mode);
    all.push(seen);
    if (fits(seen)) return all;
    await sleep(20);
  }
}

/** Every failure tells when to come back. */
function reasonWithRetryInfo({ failure }: Seen): unknown {
  if (failure === undefined) throw new Error('the call succeeded');
  expect(statusDetail(failure, 'google.rpc.RetryInfo').retryDelay).toBeDefined();
  return statusDetail(failure, 'google.rpc.ErrorInfo').reason;
}
