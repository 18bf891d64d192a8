/** What a model has a price list for. Batch is not a service tier: it is asked for by another API. */
export type PricedTier = 'standard' | 'flex' | 'priority' | 'batch';

/**
 * The price list of a service tier as requests and answers name it; undefined for a tier of which no
 * price is known, such as `ultrafast`.
 *
 * `fast` is the newer name of `priority`: https://developers.openai.com/api/docs/guides/fast-mode.
 * `scale` is capacity that was bought in advance; its tokens are worth what they cost elsewhere.
 * `on_demand` is Groq's word for its default, and `standard` that of others.
 */
export function priceListOf(serviceTier: string): PricedTier | undefined {
  switch (serviceTier) {
    case '':
    case 'auto':
    case 'default':
    case 'scale':
    case 'on_demand':
    case 'standard':
      return 'standard';
    case 'flex':
      return 'flex';
    case 'priority':
    case 'fast':
      return 'priority';
    default:
      return undefined;
  }
}

/** The price lists by which a request may be billed. */
export interface PossibleTiers {
  readonly asked: PricedTier;
  /** Instead of it, where the model is sold by this one. */
  readonly other?: PricedTier;
}

/**
 * An answer's tier may be another than the request's. `priority` is served as `default` when traffic
 * grows too fast or the prompt is long. Without a tier, or with `auto`, a setting of the OpenAI project
 * decides, which may say `priority` and cannot be read, so that a bound must reckon with it; asking
 * for `default` rules it out.
 */
export function tiersThatMayServe(serviceTier: string): PossibleTiers | undefined {
  if (serviceTier === '' || serviceTier === 'auto') return { asked: 'standard', other: 'priority' };
  const asked = priceListOf(serviceTier);
  if (asked === undefined || asked === 'standard') return asked && { asked };
  return { asked, other: 'standard' };
}
