import type { Model, TokenPrices } from '../../src/core/model.ts';
import type { Catalogue } from '../../src/request/catalogue/catalogue.ts';
import { isServed, namesOf } from './served.ts';
import type { Difference, PriceSource, SourcePrices } from './source.ts';

const CLASSES = ['input', 'cachedInput', 'cacheWrite', 'output'] as const;

/**
 * In what a source differs from the catalogue: models that it has and the catalogue has not, models that
 * OpenAI serves and it has no more, and prices that are not the same. What the catalogue has no price of
 * and the source has counts as priced otherwise; what only one of them says of a class does not.
 *
 * @param now epoch ms
 */
export function compare(
  catalogue: Pick<Catalogue, 'models' | 'find'>,
  { models }: PriceSource,
  now: number,
): readonly Difference[] {
  const differences: Difference[] = [];
  for (const [id, theirs] of models) {
    const model = catalogue.find(id);
    if (model === undefined) {
      differences.push({ kind: 'new', model: id, what: describe(theirs) });
      continue;
    }
    // What is over has its price for the past, or none.
    const what = isServed(model, now) ? priceDifferences(model, theirs) : [];
    if (what.length > 0)
      differences.push({ kind: 'priced otherwise', model: id, what: what.join('; ') });
  }
  for (const model of catalogue.models) {
    if (
      isServed(model, now) &&
      model.prices !== undefined &&
      !namesOf(model).some((name) => models.has(name))
    ) {
      differences.push({
        kind: 'gone',
        model: model.id,
        what: 'is served, and not there; it may be newer',
      });
    }
  }
  return differences;
}

function priceDifferences({ prices }: Model, theirs: SourcePrices): readonly string[] {
  if (prices === undefined)
    return theirs.input === undefined ? [] : [`no price, there ${describe(theirs)}`];
  return [
    ...classDifferences('', prices.standard, theirs),
    ...(theirs.long === undefined ? [] : longDifferences(prices.longContext, theirs.long)),
  ];
}

function longDifferences(ours: TokenPrices | undefined, theirs: SourcePrices): readonly string[] {
  if (ours === undefined) return [`no price of long prompts, there ${describe(theirs)}`];
  return classDifferences('long ', ours, theirs);
}

function classDifferences(
  label: string,
  ours: TokenPrices,
  theirs: SourcePrices,
): readonly string[] {
  return CLASSES.flatMap((name) => {
    const [own, their] = [ours[name], theirs[name]];
    if (own === undefined || their === undefined || Number(own) === their) return [];
    return [`${label}${name} ${own}, there ${their}`];
  });
}

function describe(prices: SourcePrices): string {
  const known = CLASSES.filter((name) => prices[name] !== undefined);
  return known.map((name) => `${name} ${prices[name]}`).join(', ') || 'no price';
}
