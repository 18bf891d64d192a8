import { describe, expect, it } from '@jest/globals';
import { newCallRecord } from '../../src/core/call-record.ts';
import { forkRecord, joinRecord, markOf } from '../../src/core/fork-record.ts';
import { usage } from '../support/events.ts';

const failed = (attempt: number) => ({
  attempt,
  target: 'default',
  model: 'm',
  reason: 'TIMEOUT' as const,
  durationMs: 1,
});
const charge = (attempt: number) => ({
  attempt,
  upstream: 'default',
  model: 'm',
  usage: usage(),
  serviceTier: '',
  outcome: 'completed' as const,
  startedAt: 0,
  endedAt: 0,
});

describe('a fork of a record', () => {
  it('draws its numbers from the same count, and has the rest for itself', () => {
    const record = newCallRecord(5);
    record.numbers.last = 3;
    record.attempts = 3;
    record.model = 'm';
    const fork = forkRecord(record);
    fork.numbers.last += 1;
    fork.attempts += 1;
    fork.queuedMs += 7;
    fork.failedAttempts.push(failed(4));
    expect(record).toMatchObject({ numbers: { last: 4 }, attempts: 3, queuedMs: 0 });
    expect(record.failedAttempts).toEqual([]);
    expect(fork).toMatchObject({ startedAt: 5, model: 'm', attempts: 1 });
  });

  it('tells what it has used so far together with what the others have', () => {
    const record = newCallRecord(0);
    const fork = forkRecord(record);
    record.charges.push(charge(1));
    fork.usage = usage({ inputTokens: 1, outputTokens: 1, totalTokens: 2 });
    expect(record.usage).toMatchObject({ inputTokens: 11, outputTokens: 6, totalTokens: 17 });
    expect(fork.usage).toBe(record.usage);
  });

  it.each([
    ['last if its attempt counts', true, [1, 3, 2], { model: 'b', target: 'azure' }],
    ['before the others if it does not', false, [1, 2, 3], { model: 'a', target: 'default' }],
  ])('is joined: %s', (_what, counts, order, facts) => {
    const record = Object.assign(newCallRecord(0), { model: 'a', target: 'default', attempts: 2 });
    record.failedAttempts.push(failed(1));
    const mark = markOf(record);
    const fork = Object.assign(forkRecord(record), { model: 'b', target: 'azure', attempts: 1 });
    fork.failedAttempts.push(failed(2));
    fork.charges.push(charge(2));
    record.failedAttempts.push(failed(3));
    record.charges.push(charge(3));
    joinRecord(record, fork, mark, counts);
    expect(record.failedAttempts.map(({ attempt }) => attempt)).toEqual(order);
    expect(record.charges.map(({ attempt }) => attempt)).toEqual([3, 2]);
    expect(record).toMatchObject({ ...facts, attempts: 3 });
  });
});
