import { describe, expect, it } from '@jest/globals';
import { isShutDown, shutdownWarning } from '../../../src/request/catalogue/shutdown.ts';

const model = { shutdownDate: '2026-12-11', replacement: 'next' };
const at = (time: string) => Date.parse(time);

describe('the shutdown of a model', () => {
  it.each([
    ['2026-12-10T00:00:00Z', false],
    ['2026-12-11T23:59:59.999Z', false],
    ['2026-12-12T00:00:00Z', true],
    ['2026-12-12T00:30:00+01:00', false],
  ])('is over its last day in UTC: at %s it is %s', (time, expected) => {
    expect(isShutDown(model, at(time))).toBe(expected);
  });

  it('never comes without a date', () => {
    expect(isShutDown({}, at('2099-01-01'))).toBe(false);
    expect(shutdownWarning('m', {}, at('2099-01-01'))).toBeUndefined();
  });

  it('is warned of from 30 days before', () => {
    expect(shutdownWarning('m', model, at('2026-11-10T23:59:59Z'))).toBeUndefined();
    const warning = 'OpenAI will shut down m on 2026-12-11; use next instead.';
    expect(shutdownWarning('m', model, at('2026-11-11T00:00:00Z'))).toBe(warning);
    expect(shutdownWarning('m', model, at('2026-12-11T12:00:00Z'))).toBe(warning);
  });

  it('is told of afterwards, and without a replacement where there is none', () => {
    const { shutdownDate } = model;
    expect(shutdownWarning('m', { shutdownDate }, at('2026-12-12T00:00:00Z'))).toBe(
      'OpenAI shut down m on 2026-12-11.',
    );
  });
});
