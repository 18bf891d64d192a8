import { type ErrorFacts, ProviderError } from '../core/errors.ts';
import type { MessageResponse } from '../core/events.ts';
import type { Cost } from '../core/usage.ts';

/** What became of an item. */
export type ItemResult = { readonly response: MessageResponse } | { readonly error: ProviderError };

/** What the caller is told of a failure, as far as it concerns one item long after. */
const KEPT = [
  'message',
  'upstreamMessage',
  'fieldViolations',
  'moreViolations',
  'upstreamStatus',
  'upstreamCode',
  'upstreamRequestId',
  'model',
  'replacement',
  'timeoutPhase',
  'countedTokens',
  'tokenLimit',
  'quotaSubject',
] as const satisfies readonly (keyof ErrorFacts)[];

type StoredCost = Omit<Cost, 'picoDollars'> & { readonly picoDollars: string };

interface Stored {
  readonly response?: Omit<MessageResponse, 'cost' | 'saved'> & {
    readonly cost?: StoredCost;
    readonly saved?: StoredCost;
  };
  readonly error?: { readonly reason: ProviderError['reason']; readonly facts: ErrorFacts };
}

export function storeResult(result: ItemResult): string {
  if ('error' in result) {
    const { reason, message, facts } = result.error;
    const kept = KEPT.flatMap((name) => (facts[name] === undefined ? [] : [[name, facts[name]]]));
    return JSON.stringify({ error: { reason, facts: { message, ...Object.fromEntries(kept) } } });
  }
  const { cost, saved, ...response } = result.response;
  const stored: Stored = {
    response: {
      ...response,
      ...(cost && { cost: toText(cost) }),
      ...(saved && { saved: toText(saved) }),
    },
  };
  return JSON.stringify(stored);
}

export function restoreResult(text: string): ItemResult {
  const { response, error }: Stored = JSON.parse(text);
  if (error !== undefined) return { error: new ProviderError(error.reason, error.facts) };
  if (response === undefined) throw new Error('A result of a batch is neither answer nor error.');
  const { cost, saved, ...same } = response;
  return {
    response: {
      ...same,
      ...(cost && { cost: fromText(cost) }),
      ...(saved && { saved: fromText(saved) }),
    },
  };
}

function toText({ picoDollars, ...cost }: Cost): StoredCost {
  return { ...cost, picoDollars: picoDollars.toString() };
}

function fromText({ picoDollars, ...cost }: StoredCost): Cost {
  return { ...cost, picoDollars: BigInt(picoDollars) };
}
