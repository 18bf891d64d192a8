import type { ToolCallDelta } from '../core/events.ts';
import type { ToolCall } from '../core/message.ts';
import { CodePoints } from './code-points.ts';

/** A piece of a function call, as loosely as servers are known to send it. */
export interface ToolCallFragment {
  readonly index?: number | null;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: string | null } | null;
}

interface Draft {
  /** As the upstream counts, if it does. */
  readonly upstreamIndex: number | undefined;
  readonly characters: CodePoints;
  id: string;
  name: string;
  arguments: string;
}

/**
 * Puts tool calls together from their fragments. Calls are numbered in the order in which they first
 * appear, so that a delta's index is its call's place in the complete list.
 */
export class ToolCallAssembler {
  readonly #drafts: Draft[] = [];

  /** What the fragment adds; undefined if it adds nothing. */
  add(fragment: ToolCallFragment): ToolCallDelta | undefined {
    const index = this.#indexOf(fragment);
    const draft = this.#drafts[index] ?? this.#begin(fragment);
    const id = draft.id === '' ? (fragment.id ?? '').toWellFormed() : '';
    const name = draft.name === '' ? (fragment.function?.name ?? '').toWellFormed() : '';
    const argumentsFragment = draft.characters.add(fragment.function?.arguments ?? '');
    draft.id += id;
    draft.name += name;
    draft.arguments += argumentsFragment;
    if (id === '' && name === '' && argumentsFragment === '') return undefined;
    return { type: 'toolCallDelta', index, id, name, argumentsFragment };
  }

  /** What was held back until now. */
  end(): ToolCallDelta[] {
    return this.#drafts.flatMap((draft, index) => {
      const argumentsFragment = draft.characters.end();
      draft.arguments += argumentsFragment;
      if (argumentsFragment === '') return [];
      return [{ type: 'toolCallDelta', index, id: '', name: '', argumentsFragment }];
    });
  }

  get toolCalls(): ToolCall[] {
    return this.#drafts.map((draft) => ({
      id: draft.id,
      name: draft.name,
      arguments: draft.arguments,
    }));
  }

  /**
   * Some servers send no index: the same id then goes on with its call, a new id begins the next.
   * With no id either, a name begins the next, and arguments alone go on with the last.
   */
  #indexOf(fragment: ToolCallFragment): number {
    const { index, id } = fragment;
    if (typeof index === 'number') return this.#indexOfNumbered(index, fragment);
    if (id) return this.#find((draft) => draft.id === id);
    const last = this.#drafts.length - 1;
    return fragment.function?.name ? last + 1 : Math.max(last, 0);
  }

  /** Some servers number all parallel calls 0: another id with a name then begins another call. */
  #indexOfNumbered(index: number, fragment: ToolCallFragment): number {
    const last = this.#drafts.findLastIndex((draft) => draft.upstreamIndex === index);
    const known = this.#drafts[last]?.id;
    const begins = fragment.id && fragment.function?.name && known && known !== fragment.id;
    return last === -1 || begins ? this.#drafts.length : last;
  }

  #find(matches: (draft: Draft) => boolean): number {
    const index = this.#drafts.findIndex(matches);
    return index === -1 ? this.#drafts.length : index;
  }

  #begin(fragment: ToolCallFragment): Draft {
    const draft: Draft = {
      upstreamIndex: fragment.index ?? undefined,
      characters: new CodePoints(),
      id: '',
      name: '',
      arguments: '',
    };
    this.#drafts.push(draft);
    return draft;
  }
}
