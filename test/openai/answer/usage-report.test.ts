import { describe, expect, it } from '@jest/globals';
import { toUsage } from '../../../src/openai/answer/map-usage.ts';
import { ReportedUsage } from '../../../src/openai/answer/usage-report.ts';

function report(...raws: readonly unknown[]): ReportedUsage {
  const usage = new ReportedUsage((raw) => toUsage(raw as Parameters<typeof toUsage>[0]));
  for (const raw of raws) usage.add(raw);
  return usage;
}

describe('the usage that is reported', () => {
  it('is the last that counts anything, if only in a detail', () => {
    const counts = { prompt_tokens: 0, prompt_tokens_details: { cached_tokens: 3 } };
    const usage = report({ completion_tokens: 9 }, counts, { prompt_tokens: 0 });
    expect(usage.isThere).toBe(true);
    expect(usage.total(true)).toEqual(toUsage(counts));
  });

  it('has the input of the first where the last has none', () => {
    const first = {
      prompt_tokens: 100,
      completion_tokens: 1,
      prompt_tokens_details: { cached_tokens: 60 },
    };
    const last = { prompt_tokens: 0, completion_tokens: 20, total_tokens: 20 };
    expect(report(first, last).total(true)).toEqual(
      toUsage({ ...first, completion_tokens: 20, total_tokens: 120 }),
    );
    expect(report(last, { ...last, prompt_tokens: 7 }).total(true)?.inputTokens).toBe(7);
  });

  it('is of zeros only where there is no output', () => {
    const usage = report({ prompt_tokens: 0 });
    expect(usage.isThere).toBe(false);
    expect(usage.total(true)).toBeUndefined();
    expect(usage.total(false)).toEqual(toUsage({ prompt_tokens: 0 }));
  });

  it.each([
    { prompt_tokens: 0, completion_tokens: 7, total_tokens: 7 },
    { prompt_tokens: 9, completion_tokens: 0, total_tokens: 9 },
  ])('is an estimate where there is output and it says %j', (last) => {
    const usage = report(last);
    expect(usage.total(true)).toEqual({ ...toUsage(last), estimated: true });
    expect(usage.total(false)).toEqual(toUsage(last));
  });

  it('may be nested as deep as a hostile server likes', () => {
    const levels = 200_000;
    const deep = JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
    expect(report(deep, { prompt_tokens: 0 }).isThere).toBe(false);
  });
});
