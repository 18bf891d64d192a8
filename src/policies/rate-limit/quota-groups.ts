/**
 * Which API keys of an upstream draw on the same limits. OpenAI grants them per project and model, so
 * two keys of one project are one group: what one of them is refused, the other is, too. Keys are one
 * group if they are configured so, or if the upstream names the same account for them; else each is
 * its own.
 */
export class QuotaGroups {
  readonly #names: readonly (string | undefined)[];
  readonly #accounts: (string | undefined)[];
  /** By position of the key. */
  #groups: readonly number[];

  /**
   * @param names of the groups as configured, by position of the key; undefined: not configured. Empty
   *   where the upstream wants no key, which counts as one.
   */
  constructor(names: readonly (string | undefined)[]) {
    this.#names = names.length > 0 ? names : [undefined];
    this.#accounts = this.#names.map(() => undefined);
    this.#groups = this.#grouped();
  }

  /** The group of a key, as the position of its first key. */
  of(key: number): number {
    return this.#groups[key] ?? key;
  }

  /** Every group, once. */
  get all(): readonly number[] {
    return this.#groups.filter((group, key) => group === key);
  }

  /** The upstream names the account to which a key belongs. */
  told(key: number, account: string): void {
    if (key >= this.#names.length || this.#accounts[key] === account) return;
    this.#accounts[key] = account;
    this.#groups = this.#grouped();
  }

  #grouped(): readonly number[] {
    const tags = this.#names.map((name, key) => {
      if (name !== undefined) return `configured ${name}`;
      const account = this.#accounts[key];
      return account === undefined ? `key ${key}` : `account ${account}`;
    });
    return tags.map((tag) => tags.indexOf(tag));
  }
}
