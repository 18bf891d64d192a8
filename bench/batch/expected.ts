import type { BatchRequestLine, LineOutcome } from '../../test/support/upstream/index.ts';

/** What becomes of an item, by its number alone: the same however often it is asked. */
export interface Expected {
  readonly outcome: 'answered' | 'failed' | 'lost';
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** gpt-4o-mini in batches, in pico-dollars per token: half of 0.15 and 0.60 dollars per million. */
const INPUT_PRICE = 75_000n;
const OUTPUT_PRICE = 300_000n;

export function customId(number: number): string {
  return `item-${number}`;
}

export function numberOf(id: string): number {
  return Number(id.slice('item-'.length));
}

export function expected(number: number): Expected {
  // A multiplicative hash, so that neighbours differ.
  const hash = Math.imul(number + 1, 2_654_435_761) >>> 0;
  const share = hash / 2 ** 32;
  const outcome = share < 0.05 ? 'failed' : share < 0.055 ? 'lost' : 'answered';
  return { outcome, inputTokens: 10 + (hash % 90), outputTokens: 1 + (hash % 200) };
}

export function costOf({ inputTokens, outputTokens }: Expected): bigint {
  return BigInt(inputTokens) * INPUT_PRICE + BigInt(outputTokens) * OUTPUT_PRICE;
}

/** As the stub says it. */
export function outcomeOf({ custom_id }: BatchRequestLine): LineOutcome {
  const { outcome, inputTokens, outputTokens } = expected(numberOf(custom_id));
  switch (outcome) {
    case 'failed':
      return { status: 400, error: { code: 'invalid_value', message: 'Not this one.' } };
    case 'lost':
      return 'lost';
    case 'answered': {
      const usage = { prompt_tokens: inputTokens, completion_tokens: outputTokens };
      return { answer: { text: `Answer to ${custom_id}`, usage } };
    }
  }
}
