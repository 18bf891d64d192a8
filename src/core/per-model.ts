/** Callers choose the names of models, and where every name is allowed there is no end of them. */
const MAX_MODELS = 1_000;

/** One of something for each model, made when a model is first asked. */
export class PerModel<T> {
  readonly #create: (model: string) => T;
  readonly #makeRoom: (full: PerModel<T>) => void;
  /** By id of the model, the longest unused first. */
  readonly #values = new Map<string, T>();
  /** The model that was used last. */
  #newest: string | undefined;

  /** @param makeRoom called before there would be too many; may `drop` one, or let there be more */
  constructor(create: (model: string) => T, makeRoom: (full: PerModel<T>) => void) {
    this.#create = create;
    this.#makeRoom = makeRoom;
  }

  /** The one of a model by its id, which is used by this. */
  use(model: string): T {
    const known = this.#values.get(model);
    if (known !== undefined && model === this.#newest) return known;
    this.#newest = model;
    if (known !== undefined) this.#values.delete(model);
    else if (this.#values.size >= MAX_MODELS) this.#makeRoom(this);
    const value = known ?? this.#create(model);
    this.#values.set(model, value);
    return value;
  }

  /** The one of a model, if it was ever used; this is no use of it. */
  peek(model: string): T | undefined {
    return this.#values.get(model);
  }

  /** Drops the longest unused of those that may go. */
  drop(mayGo: (value: T) => boolean): T | undefined {
    for (const [model, value] of this.#values) {
      if (!mayGo(value)) continue;
      this.#values.delete(model);
      return value;
    }
    return undefined;
  }

  clear(): void {
    this.#values.clear();
  }

  /** The longest unused first. */
  [Symbol.iterator](): MapIterator<[model: string, value: T]> {
    return this.#values.entries();
  }
}
