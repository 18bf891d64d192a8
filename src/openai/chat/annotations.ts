import { isObject } from '../../core/is-object.ts';
import { toAnnotation } from '../answer/annotations.ts';
import type { AnswerEvents } from '../answer/events.ts';
import { recordOf, stringOr } from '../values/json-record.ts';
import type { ChatChunk, ChunkDelta } from './chunk.ts';

/** Sources of one answer that are told; none has more. */
const MAX_TOLD = 1_024;

/**
 * What is told over Chat Completions of the sources of an answer: `annotations` of OpenAI's search models
 * and of OpenRouter, and lists beside the answer, with no word of which piece is meant (Perplexity, xAI).
 */
export class ChatAnnotations {
  readonly #events: Pick<AnswerEvents, 'annotation'>;
  #told: Set<string> | undefined;
  #urls: Set<string> | undefined;
  /** The last list of each kind: it comes again, and longer, with every chunk. */
  #results: readonly unknown[] = [];
  #citations: readonly unknown[] = [];

  constructor(events: Pick<AnswerEvents, 'annotation'>) {
    this.#events = events;
  }

  seeChunk({ search_results, citations }: ChatChunk): void {
    if (Array.isArray(search_results) && search_results.length > 0) this.#results = search_results;
    if (Array.isArray(citations) && citations.length > 0) this.#citations = citations;
  }

  /** Once the text that comes with it was told. */
  add({ annotations }: Pick<ChunkDelta, 'annotations'>): void {
    if (!Array.isArray(annotations)) return;
    for (const raw of annotations) {
      const { type } = recordOf(raw);
      const inner = recordOf(raw)[stringOr(type)];
      this.#tell(isObject(inner) ? { ...inner, type } : raw);
    }
  }

  /** At the end of the answer: the lists, without what is told already. */
  end(): void {
    if (this.#results.length + this.#citations.length === 0) return;
    for (const raw of [...this.#results, ...this.#citations]) {
      const { url, title } = typeof raw === 'string' ? { url: raw, title: '' } : recordOf(raw);
      if (typeof url !== 'string' || url === '' || this.#urls?.has(url)) continue;
      this.#tell({ type: 'url_citation', url, title });
    }
  }

  #tell(raw: unknown): void {
    const annotation = toAnnotation(raw, 0);
    if (annotation === undefined) return;
    this.#told ??= new Set();
    this.#urls ??= new Set();
    if (this.#told.size >= MAX_TOLD) return;
    const { url, title, start, end, kind } = annotation;
    const key = JSON.stringify([url, title, start, end, kind]);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#urls.add(url);
    this.#events.annotation(annotation);
  }
}
