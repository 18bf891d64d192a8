import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fault } from '../support/fault.ts';
import { expectFailedAttempts, expectFailure, interrupted } from '../support/fault-checks.ts';
import { statusDetail } from '../support/grpc-client.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { answer, type RecordedRequest } from '../support/upstream/index.ts';
import { type Mode, type Seen, see } from './seen.ts';
import { SteppedClock } from './stepped-clock.ts';

const MAX_ATTEMPTS = 3;
const GOOD_TEXT = 'Hello from the stub.';
/** A hold is tried after so many ms. */
const TRIED_AFTER_MS = 1_000;
/** What a wait that is asked for may be exceeded by. */
const SPREAD = 1.1;
/** One app has all ways to call meet a fault, and neither its breaker nor its retry budget is in question. */
const CONFIG = `
retryPolicy: { baseDelay: 1ms, budget: { minimum: 1000 } }
circuitBreaker: { minimumAttempts: 1000 }`;

/** Has every way to call meet each of the faults, and then one good call. */
export function testFaults(faults: readonly Fault[]): void {
  describe.each(faults)('when the upstream $what', (fault) => {
    let running: RunningApp;
    let clock: SteppedClock | undefined;
    const isClocked = fault.waitMs !== undefined;
    const start = async () => {
      clock = isClocked ? new SteppedClock() : undefined;
      running = await startApp(`${fault.config ?? ''}${CONFIG}`, {}, clock);
    };
    const stop = () => running.stop();
    // On a clock that is stepped, the waits of one call must not be taken for those of the next.
    (isClocked ? beforeEach : beforeAll)(start);
    (isClocked ? afterEach : afterAll)(stop);

    it.each(modesFor(fault))('a call by %s ends as it should', async (mode) => {
      const { stub, client } = running;
      const before = stub.requests.length;

      setFault(running, fault);
      const call = see(client, mode);
      await passWaits(fault, clock, Math.min(fault.times ?? MAX_ATTEMPTS, MAX_ATTEMPTS - 1));
      const seen = await call;
      const requests = stub.requests.slice(before);
      await Promise.all(requests.map(({ closed }) => closed));
      expectAttempts(requests, seen, fault, mode);
      expectOutcome(requests, seen, fault);
      expectTexts(seen, fault);

      stub.setDefault(answer());
      const next = see(client, 'FAIL');
      if (seen.failure !== undefined && isRateLimit(fault)) await passHold(fault, clock);
      expect(await next).toMatchObject({ texts: [GOOD_TEXT], answer: { attempts: 1 } });
      expect(stub.requests).toHaveLength(before + requests.length + 1);
    });
  });
}

/** What becomes of a break after output is the caller's choice; all else ends alike. */
function modesFor({ text, error }: Fault): Mode[] {
  const breaks = text !== undefined && error !== undefined;
  return breaks ? ['FAIL', 'RESTART', 'HOLD_BACK', 'sync'] : ['FAIL', 'sync'];
}

function setFault({ stub }: RunningApp, { upstream, times }: Fault): void {
  if (times === undefined) stub.setDefault(upstream);
  else stub.enqueue(...Array.from({ length: times }, () => upstream));
}

async function passWaits(
  { waitMs }: Fault,
  clock: SteppedClock | undefined,
  count: number,
): Promise<void> {
  if (waitMs === undefined) return;
  for (let wait = 0; wait < count; wait += 1) await clock?.pass(waitMs, waitMs * SPREAD);
}

/** Others leave the target alone, too, until one of them sees whether it means what it asked for. */
async function passHold({ waitMs }: Fault, clock: SteppedClock | undefined): Promise<void> {
  if (waitMs !== undefined) await clock?.pass(TRIED_AFTER_MS, TRIED_AFTER_MS);
}

function isRateLimit({ error }: Fault): boolean {
  return error?.reason === 'RATE_LIMIT_EXCEEDED';
}

/** What the upstream's log tells. */
function expectAttempts(
  requests: readonly RecordedRequest[],
  { texts, failure }: Seen,
  fault: Fault,
  mode: Mode,
): void {
  const kept = mode === 'FAIL' && failure !== undefined && texts[0] !== '';
  const most = fault.retried === 'once' ? 2 : MAX_ATTEMPTS;
  const isRetried = fault.retried !== undefined && !kept;
  // What breaks after output may do so before it has come, and is then tried again.
  if (fault.text instanceof RegExp) expect(requests.length).toBeLessThanOrEqual(MAX_ATTEMPTS);
  else expect(requests).toHaveLength(isRetried ? Math.min(most, times(fault) + 1) : 1);
  const { waitMs = 0, closedBy = 'server' } = fault;
  for (const [index, request] of requests.entries()) {
    if (closedBy !== 'anybody' && index < times(fault)) expect(request.closedBy).toBe(closedBy);
    const before = requests[index - 1]?.closedAt ?? Number.NEGATIVE_INFINITY;
    if (waitMs > 0) expect(request.receivedAt).toBeGreaterThanOrEqual(before + waitMs);
  }
}

function times(fault: Fault): number {
  return fault.times ?? Number.POSITIVE_INFINITY;
}

/** What the caller is told. */
function expectOutcome(requests: readonly RecordedRequest[], seen: Seen, fault: Fault): void {
  const { error } = fault;
  const { failure, answer: given } = seen;
  if (error === undefined) {
    expect(given).toMatchObject({ attempts: 1, failedAttempts: [] });
  } else if (requests.length > times(fault)) {
    expect(given).toMatchObject({ attempts: requests.length });
    expectFailedAttempts(given?.failedAttempts, error, requests.slice(0, times(fault)));
  } else {
    if (failure === undefined) throw new Error('the call succeeded');
    expectFailure(failure, seen.texts.at(-1) === '' ? error : interrupted(error), requests);
    const { failedAttempts } = statusDetail(failure, 'tamma.provider.v1.FailureInfo');
    expectFailedAttempts(failedAttempts, error, requests);
  }
}

/** Of an attempt that met the fault the caller sees what came before it, of a good one all. */
function expectTexts({ texts, answer: given }: Seen, { text, error }: Fault): void {
  const isGood = given !== undefined && error !== undefined;
  const broken = isGood ? texts.slice(0, -1) : texts;
  if (isGood) expect(texts.at(-1)).toBe(GOOD_TEXT);
  // Not toEqual: the largest has 10 MB, which nobody wants to see printed.
  expect(broken.every((seen) => fits(seen, text))).toBe(true);
}

function fits(seen: string, text: Fault['text']): boolean {
  if (text instanceof RegExp) return text.test(seen);
  return seen === text || seen === '';
}
