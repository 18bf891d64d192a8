import type { Model, ModelPrices, ModelReasoning, ModelSupport } from '../../core/model.ts';

/** What can be said of a model, field by field; what is left out stays as it was. */
export type ModelFields = Partial<
  Omit<Model, 'id' | 'supports' | 'reasoning' | 'prices'> & {
    readonly supports: Partial<ModelSupport>;
    readonly reasoning: Partial<ModelReasoning>;
    /** Tier by tier: a tier that is named is replaced whole. */
    readonly prices: Partial<ModelPrices>;
  }
>;

/**
 * `model` with `fields` laid over it: deep in `supports` and `reasoning`, tier by tier in `prices`.
 * A source named for a field goes with the figure it vouched for.
 */
export function withFields(model: Model, fields: ModelFields): Model {
  const { supports, reasoning, prices, sources, ...flat } = fields;
  return {
    ...model,
    ...flat,
    // Whoever names a tokenizer knows it.
    tokenizerAssumed: flat.tokenizerAssumed ?? (flat.tokenizer ? false : model.tokenizerAssumed),
    supports: { ...model.supports, ...supports },
    reasoning: { ...model.reasoning, ...reasoning },
    ...mergedPrices(model.prices, prices),
    sources: { ...remainingSources(model.sources, fields), ...sources },
  };
}

function mergedPrices(
  known: ModelPrices | undefined,
  given: Partial<ModelPrices> | undefined,
): { readonly prices?: ModelPrices } {
  if (given === undefined) return {};
  const { standard = known?.standard, ...rest } = given;
  // A price in some tier is of no use without the price in the common one; the schema asks for it.
  if (standard === undefined) return {};
  return { prices: { currency: 'USD', history: [], ...known, ...rest, standard } };
}

/** Those whose figure `fields` does not replace. Keys are paths: `contextWindow`, `prices.batch`. */
function remainingSources(sources: Model['sources'], fields: ModelFields): Model['sources'] {
  const replaced = new Set<string>();
  for (const [field, value] of Object.entries(fields)) {
    replaced.add(field);
    if (typeof value !== 'object' || Array.isArray(value)) continue;
    for (const part of Object.keys(value)) replaced.add(`${field}.${part}`);
  }
  return Object.fromEntries(Object.entries(sources).filter(([field]) => !replaced.has(field)));
}
