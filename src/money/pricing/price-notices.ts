import type { Model } from '../../core/model.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import { promisedPriceWarning } from '../../request/catalogue/promised-price.ts';

/** Tells an operator, once for each model, that calls are priced by what was promised for the past. */
export class PriceNotices {
  readonly #log: Pick<ProviderLog, 'warn'>;
  /** Of rows of the catalogue, of which there are few. */
  readonly #told = new Set<string>();

  constructor(log: Pick<ProviderLog, 'warn'>) {
    this.#log = log;
  }

  /** @param now epoch ms */
  priced(model: Model, now: number): void {
    const { id, prices } = model;
    if (prices?.promisedUntil === undefined || this.#told.has(id)) return;
    const warning = promisedPriceWarning(id, model, now);
    if (warning === undefined) return;
    this.#told.add(id);
    this.#log.warn({ model: id, promised_until: prices.promisedUntil }, warning);
  }
}
