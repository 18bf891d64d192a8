import { tooLarge } from '../errors/faults.ts';

/** One use of a tool that the upstream runs itself. */
export interface HostedUse {
  /** The upstream's, or one of ours where it names none. */
  readonly id: string;
  readonly tool: string;
  status: string;
  isWhole: boolean;
  /** Whether it counts as one call of the tool. */
  billed: boolean;
  /** Of code that runs: where. */
  container: string;
}

/** More than any answer has; each takes memory of its own. */
const MAX_USES = 4_096;

/** The uses of tools of one answer, told apart by what the server says of them: an id, a place, or nothing. */
export class HostedUses {
  readonly #all: HostedUse[] = [];
  readonly #byId = new Map<string, HostedUse>();
  readonly #byPlace = new Map<number, HostedUse>();

  get all(): readonly HostedUse[] {
    return this.#all;
  }

  /**
   * What an event is about.
   *
   * @param id empty: the server names none
   * @param place of the item in the answer's output; not a number: the server does not say
   */
  of(tool: string, id: string, place: unknown): HostedUse {
    const known = this.#byId.get(id) ?? this.#at(tool, place) ?? this.#running(tool, id, place);
    const use = known ?? this.#add(tool, id);
    if (id !== '') this.#byId.set(id, use);
    if (typeof place === 'number') this.#byPlace.set(place, use);
    return use;
  }

  /** What the items of a whole answer are about: those without a known id are the next of their tool. */
  inOrder(items: readonly { readonly tool: string; readonly id: string }[]): readonly HostedUse[] {
    const taken = new Set(items.flatMap(({ id }) => this.#byId.get(id) ?? []));
    const free = this.#all.filter((use) => !taken.has(use));
    return items.map(({ tool, id }) => {
      const known = this.#byId.get(id);
      if (known !== undefined) return known;
      const place = free.findIndex((use) => use.tool === tool);
      const use = free.splice(place, place < 0 ? 0 : 1)[0] ?? this.#add(tool, id);
      if (id !== '') this.#byId.set(id, use);
      return use;
    });
  }

  #at(tool: string, place: unknown): HostedUse | undefined {
    const use = typeof place === 'number' ? this.#byPlace.get(place) : undefined;
    return use?.tool === tool ? use : undefined;
  }

  /** Without id and place the tools are taken to be used one after the other. */
  #running(tool: string, id: string, place: unknown): HostedUse | undefined {
    if (id !== '' || typeof place === 'number') return undefined;
    return this.#all.find((use) => use.tool === tool && !use.isWhole);
  }

  #add(tool: string, id: string): HostedUse {
    if (this.#all.length >= MAX_USES) throw tooLarge();
    const own = `${tool}_${this.#all.length + 1}`;
    const use = {
      id: id === '' ? own : id,
      tool,
      status: '',
      isWhole: false,
      billed: false,
      container: '',
    };
    this.#all.push(use);
    return use;
  }
}
