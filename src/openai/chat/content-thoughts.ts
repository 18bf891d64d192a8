import { isText, type JsonRecord, listOf, recordOf, stringOr } from '../values/json-record.ts';

/** A part of the content that holds thoughts: Mistral's, or what Databricks has of Anthropic's models. */
interface Thought {
  readonly type: 'thinking' | 'reasoning';
  /** As the server sent them, those of pieces joined. */
  readonly texts: Record<string, unknown>[];
  /** Nothing more comes of it. */
  isWhole: boolean;
}

/** Of what a turn brings back, which anybody could have written: thoughts, and nothing that speaks. */
export function thoughtsIn(parts: unknown): JsonRecord[] {
  const all = listOf(parts).map(recordOf);
  return all.filter(({ type }) => type === 'thinking' || type === 'reasoning');
}

/** Gathers the thoughts in the content of an answer, as the next turn brings them back in its content. */
export class ContentThoughts {
  readonly #thoughts: Thought[] = [];

  /** @param parts of the content, whole or pieces */
  add(parts: readonly unknown[]): void {
    for (const { type, thinking, summary, closed } of parts.map(recordOf)) {
      if (type === 'thinking') this.#add(type, this.#textsIn(thinking), closed === true);
      if (type === 'reasoning') this.#add(type, listOf(summary).map(recordOf), false);
    }
  }

  /** A text alone goes on with what came as a list; where it begins, it is another server's. */
  #textsIn(thinking: unknown): readonly JsonRecord[] {
    const goesOn = typeof thinking === 'string' && this.#thoughts.length > 0;
    return goesOn ? [{ type: 'text', text: thinking }] : listOf(thinking).map(recordOf);
  }

  /** What Databricks has is refused without its signature. */
  get parts(): JsonRecord[] {
    return this.#thoughts.flatMap(({ type, texts }): JsonRecord[] => {
      if (type === 'thinking') return [{ type, thinking: texts, closed: true }];
      return texts.some(isSealed) ? [{ type, summary: texts }] : [];
    });
  }

  #add(type: Thought['type'], pieces: readonly JsonRecord[], isWhole: boolean): void {
    if (pieces.length === 0) return;
    const last = this.#thoughts.at(-1);
    const goesOn = last?.type === type && !last.isWhole;
    const thought = goesOn ? last : { type, texts: [], isWhole };
    if (!goesOn) this.#thoughts.push(thought);
    for (const piece of pieces) addText(thought.texts, piece);
    thought.isWhole = isWhole || pieces.some(isSealed);
  }
}

function addText(texts: Record<string, unknown>[], piece: JsonRecord): void {
  const last = texts.at(-1);
  if (last === undefined || last.type !== piece.type) texts.push({ ...piece });
  else Object.assign(last, piece, { text: stringOr(last.text) + stringOr(piece.text) });
}

/** By its signature, or because only its upstream can read it. */
export function isSealed({ signature, data }: JsonRecord): boolean {
  return isText(signature) || isText(data);
}
