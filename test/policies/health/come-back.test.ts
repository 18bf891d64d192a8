import { expect, it } from '@jest/globals';
import { ComeBack } from '../../../src/policies/health/come-back.ts';
import { FakeClock } from '../../support/fake-clock.ts';

it('gives a target that was never away all of its share', () => {
  expect(new ComeBack(new FakeClock()).part('gpt', false)).toBe(1);
});

it('gives nothing while a target is away, then a tenth that grows to all within 30 s', () => {
  const clock = new FakeClock();
  const comeBack = new ComeBack(clock);
  expect(comeBack.part('gpt', true)).toBe(0);
  clock.advance(60_000);
  expect(comeBack.part('gpt', true)).toBe(0);
  expect(comeBack.part('gpt', false)).toBeCloseTo(0.1);
  clock.advance(15_000);
  expect(comeBack.part('gpt', false)).toBeCloseTo(0.55);
  expect(comeBack.part('other', false)).toBe(1);
  clock.advance(15_000);
  expect(comeBack.part('gpt', false)).toBe(1);
});

it('begins anew when the target goes again', () => {
  const clock = new FakeClock();
  const comeBack = new ComeBack(clock);
  comeBack.part('gpt', true);
  comeBack.part('gpt', false);
  clock.advance(29_000);
  comeBack.part('gpt', true);
  expect(comeBack.part('gpt', false)).toBeCloseTo(0.1);
});

it('remembers a bounded number of models', () => {
  const comeBack = new ComeBack(new FakeClock());
  for (let at = 0; at <= 1_000; at += 1) comeBack.part(`gpt-${at}`, true);
  expect(comeBack.part('gpt-0', false)).toBe(1);
  expect(comeBack.part('gpt-1000', false)).toBeCloseTo(0.1);
});
