const OTHER_MODEL = 'other';

/** What a model may be called, as a label that lives for ever. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,63}$/;

/**
 * Which model names may become a label of a metric. Callers choose names freely and each one would
 * cost a time series for ever, so only names that are configured or that an upstream has answered
 * to are told apart; all the rest read `other`.
 */
export class ModelLabels {
  readonly #names: Set<string>;
  readonly #limit: number;

  /** `known` names count towards `limit` but are all taken, even where they exceed it. */
  constructor(known: Iterable<string>, limit = 100) {
    this.#names = new Set(known);
    this.#limit = limit;
  }

  /** Tells these apart, too. */
  know(names: Iterable<string>): void {
    for (const name of names) this.#names.add(name);
  }

  /** The name itself, or `other`. */
  label(model: string): string {
    return this.#names.has(model) ? model : OTHER_MODEL;
  }

  /** How many names are told apart. */
  get size(): number {
    return this.#names.size;
  }

  /** Takes in a name that an upstream answered to, if it is one, while there is room. */
  admit(model: string): void {
    if (this.#names.has(model) || this.#names.size >= this.#limit) return;
    if (NAME.test(model)) this.#names.add(model);
  }
}
