import { expect, it } from '@jest/globals';
import { newCallRecord } from '../../src/core/call-record.ts';
import { ProviderError } from '../../src/core/errors.ts';
import { CallMemory } from '../../src/server/page/call-memory.ts';
import { FakeClock } from '../support/fake-clock.ts';

const call = (n: number, error?: ProviderError) => ({
  id: `call-${n}`,
  traceId: `trace-${n}`,
  method: 'SendMessage',
  endedAt: n,
  record: newCallRecord(n),
  ...(error && { error }),
});

it('remembers the last thousand calls, and fifty failures beside them', () => {
  const memory = new CallMemory(new FakeClock());
  for (let n = 0; n < 60; n += 1) memory.note(call(n, new ProviderError('TIMEOUT')));
  for (let n = 60; n < 2_000; n += 1) memory.note(call(n));
  expect(memory.find('call-999')).toEqual([]);
  expect(memory.find('call-1000')).toHaveLength(1);
  expect(memory.failures).toHaveLength(50);
  expect(memory.failures[0]?.id).toBe('call-59');
  expect(memory.find('trace-59')).toHaveLength(1);
});

it('finds the calls of a trace, the latest first, however old the failures among them are', () => {
  const memory = new CallMemory(new FakeClock());
  const ofTrace = (n: number, error?: ProviderError) => ({ ...call(n, error), traceId: 'trace' });
  memory.note(ofTrace(0, new ProviderError('TIMEOUT')));
  memory.note(ofTrace(1, new ProviderError('TIMEOUT')));
  for (let n = 2; n < 1_010; n += 1) memory.note(call(n));
  memory.note(ofTrace(1_010));
  memory.note(ofTrace(1_011, new ProviderError('TIMEOUT')));
  expect(memory.find('trace').map(({ id }) => id)).toEqual([
    'call-1011',
    'call-1010',
    'call-1',
    'call-0',
  ]);
});

it('counts traffic in slices of ten seconds over a quarter of an hour', () => {
  const clock = new FakeClock(10_000_000);
  const memory = new CallMemory(clock);
  for (let n = 0; n < 30; n += 1)
    memory.note(call(n, n < 3 ? new ProviderError('TIMEOUT') : undefined));
  memory.note(call(31, new ProviderError('CANCELLED')));
  clock.advance(10_000);
  memory.note(call(32));
  // What has only begun is not told yet.
  const { past } = memory.traffic;
  expect(past).toHaveLength(89);
  expect(past.at(-1)).toMatchObject({ calls: 31, failures: 3 });
  memory.note(call(33));
  expect(memory.traffic.past).toBe(past);
  clock.advance(10_000);
  expect(memory.traffic.past.slice(-2)).toMatchObject([{ calls: 31 }, { calls: 2, failures: 0 }]);
  clock.advance(900_000);
  expect(memory.traffic.past.every(({ calls }) => calls === 0)).toBe(true);
});
