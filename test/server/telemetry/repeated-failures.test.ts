import { expect, it } from '@jest/globals';
import { RepeatedFailures } from '../../../src/server/telemetry/repeated-failures.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function start(maxLines: number) {
  const clock = new FakeClock();
  const told: [string, object][] = [];
  const note = (level: string) => (fields: object) => void told.push([level, fields]);
  const logger = { info: note('info'), warn: note('warn'), error: note('error') };
  return { clock, told, repeats: new RepeatedFailures(clock, logger as never, () => maxLines) };
}

it('lets so many of a kind have their lines in ten seconds, and counts the others', () => {
  const { clock, told, repeats } = start(3);
  const admit = () => repeats.admit('SERVICE_UNAVAILABLE', 'default', 'warn');
  expect(Array.from({ length: 5 }, admit)).toEqual([true, true, true, false, false]);
  expect(repeats.admit('SERVICE_UNAVAILABLE', 'backup', 'warn')).toBe(true);
  expect(repeats.admit('INTERNAL', 'default', 'error')).toBe(true);
  clock.advance(10_000);
  expect(told).toEqual([['warn', { reason: 'SERVICE_UNAVAILABLE', target: 'default', calls: 2 }]]);
  expect(admit()).toBe(true);
});

it('tells of those that were held back when it is closed, and leaves no timer', () => {
  const { clock, told, repeats } = start(1);
  for (let call = 0; call < 4; call += 1) repeats.admit('INVALID_REQUEST', '', 'info');
  repeats.close();
  expect(told).toEqual([['info', { reason: 'INVALID_REQUEST', target: undefined, calls: 3 }]]);
  expect(clock.pending).toBe(0);
});

it('holds nothing back at 0', () => {
  const { clock, repeats } = start(0);
  const lines = Array.from({ length: 1_000 }, () => repeats.admit('TIMEOUT', 'default', 'warn'));
  expect(new Set(lines)).toEqual(new Set([true]));
  expect(clock.pending).toBe(0);
});
