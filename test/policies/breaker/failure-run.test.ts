import { expect, it } from '@jest/globals';
import { FailureRun } from '../../../src/policies/breaker/failure-run.ts';

function failures(count: number, from = 1_000): FailureRun {
  const run = new FailureRun();
  for (let failure = 0; failure < count; failure += 1) run.failed(from + failure);
  return run;
}

it('takes ten failures in a row for an outage', () => {
  expect(failures(9).isOutage([])).toBe(false);
  expect(failures(10).isOutage([])).toBe(true);
});

it('takes forty for one of an upstream that answers a part', () => {
  expect(failures(39).isOutage([], 0, true)).toBe(false);
  expect(failures(40).isOutage([], 0, true)).toBe(true);
});

it('takes as many more as of the others fail', () => {
  expect(failures(16).isOutage([], 0.5)).toBe(false);
  expect(failures(17).isOutage([], 0.5)).toBe(true);
  expect(failures(109).isOutage([], 0.9, true)).toBe(false);
  expect(failures(110).isOutage([], 0.9, true)).toBe(true);
  expect(failures(400).isOutage([], 0.999)).toBe(true);
});

it('goes on while answers come to what was sent before it, and ends with one that was sent after', () => {
  const run = failures(9);
  expect(run.succeeded(999)).toBe(false);
  run.failed(1_100);
  expect(run.isOutage([])).toBe(true);
  expect(run.succeeded(1_000)).toBe(true);
  expect(run.succeeded(1_000)).toBe(false);
  expect(run.isOutage([])).toBe(false);
  for (let failure = 0; failure < 9; failure += 1) run.failed(2_000);
  expect(run.isOutage([])).toBe(false);
});

it('is none while many that were sent since have not ended: they may be answered', () => {
  const pending = (count: number, at: number) => Array.from({ length: count }, () => ({ at }));
  expect(failures(10).isOutage(pending(3, 1_500))).toBe(false);
  expect(failures(10).isOutage(pending(2, 1_500))).toBe(true);
  expect(failures(10).isOutage(pending(50, 999))).toBe(true);
});
