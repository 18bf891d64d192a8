import type { Call } from '../../core/call.ts';
import type { Cost, Usage } from '../../core/usage.ts';
import { costOf, expectedTier, isSoldIn } from './price.ts';
import { priceListOf } from './tier.ts';
import { toolsCost } from './tool-price.ts';

/** How an attempt was billed. */
export interface Billing {
  /** As the answer named it; empty: it did not, and what was asked for is expected. */
  readonly serviceTier: string;
  /** Epoch ms at which the attempt began. */
  readonly at: number;
  /** It was answered by the Batch API. */
  readonly batch?: boolean;
  /** Of the prices. */
  readonly catalogueVersion: string;
}

/** What an attempt of a call costs. A price that is not known is marked as such, and never a price of 0. */
export function attemptCost({ request, target }: Call, usage: Usage, billing: Billing): Cost {
  const { at, catalogueVersion, batch = false } = billing;
  const { serviceTier: asked = '', promptCacheOptions } = request;
  const expected = () => expectedTier(target.model, request, usage.inputTokens);
  const isSold = (tier: string) => isSoldIn(target.model, tier, usage.inputTokens, at);
  // Compatible servers have words of their own, and serve tiers that nobody declared prices of (Groq's `auto` as `flex`):
  // such an answer costs what was reserved for it, and not nothing.
  const isNamed =
    billing.serviceTier !== '' &&
    (isSold(billing.serviceTier) ||
      (priceListOf(billing.serviceTier) !== undefined && !isSold(expected())));
  const serviceTier = isNamed ? billing.serviceTier : expected();
  const facts = { serviceTier, at, cacheTtl: promptCacheOptions?.ttl, batch };
  const tokens = costOf(usage, target.model, facts);
  const tools = toolsCost(usage.toolCalls, target.model);
  // Whoever asks for a tier need not get it; a server that is not asked for one may know of none.
  const isExpected = billing.serviceTier === '' && ['', 'default'].includes(asked);
  const tierUnknown = !batch && !isNamed && !isExpected;
  return {
    picoDollars: (tokens ?? costOf(withoutAudio(usage), target.model, facts) ?? 0n) + (tools ?? 0n),
    catalogueVersion,
    estimated: usage.estimated || tierUnknown,
    unpriced: tokens === undefined || tools === undefined,
  };
}

export function addCost(a: Cost | undefined, b: Cost): Cost {
  if (a === undefined) return b;
  return {
    picoDollars: a.picoDollars + b.picoDollars,
    catalogueVersion: b.catalogueVersion,
    estimated: a.estimated || b.estimated,
    unpriced: a.unpriced || b.unpriced,
  };
}

/** Of which a price is known more often. */
function withoutAudio(usage: Usage): Usage {
  const { audioInputTokens = 0, audioOutputTokens = 0, ...rest } = usage;
  return {
    ...rest,
    inputTokens: usage.inputTokens - audioInputTokens,
    outputTokens: usage.outputTokens - audioOutputTokens,
  };
}
