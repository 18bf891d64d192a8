import fc from 'fast-check';
import type { Usage } from '../../../src/core/usage.ts';
import { usage } from '../../support/events.ts';

/** Reported usage of at most so many tokens; its parts may even exceed the whole. */
export function usageWithin(inputTokens: number, outputTokens: number): fc.Arbitrary<Usage> {
  return fc
    .record({
      inputTokens: fc.nat(inputTokens),
      outputTokens: fc.nat(outputTokens),
      cacheReadTokens: fc.nat(inputTokens),
      cacheWriteTokens: fc.nat(inputTokens),
      reasoningTokens: fc.nat(outputTokens),
    })
    .map(usage);
}
