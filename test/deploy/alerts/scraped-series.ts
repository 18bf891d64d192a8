/** What a Prometheus would have of one sidecar: a sample of each series for each scrape. */
export class ScrapedSeries {
  readonly #labels: string;
  readonly #isWanted: (name: string) => boolean;
  readonly #samples = new Map<string, string[]>();
  #scrapes = 0;

  /**
   * @param instance as which it is scraped
   * @param isWanted by the name of a series
   */
  constructor(instance: string, isWanted: (name: string) => boolean) {
    this.#isWanted = isWanted;
    this.#labels = `job="tamma-provider",instance="${instance}"`;
  }

  /** @param text the answer; undefined: there was none */
  note(text: string | undefined): void {
    this.#add('up', '', text === undefined ? '0' : '1');
    for (const [, name = '', labels = '', value = ''] of (text ?? '').matchAll(
      /^([a-z][\w:]*)(?:\{(.*)\})? (\S+)$/gm,
    )) {
      if (this.#isWanted(name)) this.#add(name, labels, value);
    }
    this.#scrapes += 1;
  }

  /** As promtool reads them. */
  get input(): readonly { readonly series: string; readonly values: string }[] {
    return [...this.#samples].map(([series, values]) => ({
      series,
      values: [...values, ...this.#missing(values)].join(' '),
    }));
  }

  #add(name: string, labels: string, value: string): void {
    const series = `${name}{${this.#labels}${labels === '' ? '' : `,${labels}`}}`;
    const values = this.#samples.get(series) ?? [];
    values.push(...this.#missing(values), value);
    this.#samples.set(series, values);
  }

  /** Scrapes that it was not in. */
  #missing(values: readonly string[]): readonly string[] {
    return Array(this.#scrapes - values.length).fill('_');
  }
}
