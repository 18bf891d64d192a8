import type { Emit } from '../../core/call.ts';
import type { AnswerEvents } from '../answer/events.ts';
import { recordOf } from '../values/json-record.ts';
import type { ChunkDelta } from './chunk.ts';

/** `data:image/png;base64,…` */
const DATA_URL = /^data:(image\/[\w.+-]{1,64});base64,/;

/** Tells images that a model has drawn into its answer as those of the tool that draws them. */
export class ChatImages {
  readonly #emit: Emit;
  readonly #events: Pick<AnswerEvents, 'hold'>;
  #told: Set<string> | undefined;

  constructor(emit: Emit, events: Pick<AnswerEvents, 'hold'>) {
    this.#emit = emit;
    this.#events = events;
  }

  add({ images }: ChunkDelta): void {
    if (!Array.isArray(images)) return;
    for (const image of images) {
      const { url } = recordOf(recordOf(image).image_url);
      if (typeof url === 'string' && url !== '' && !this.#told?.has(url)) this.#tell(url);
    }
  }

  #tell(url: string): void {
    this.#events.hold(url.length);
    this.#told ??= new Set();
    this.#told.add(url);
    const id = `image_generation_${this.#told.size}`;
    const use = { type: 'hostedTool', id, tool: 'image_generation', status: 'completed' } as const;
    const match = DATA_URL.exec(url);
    if (match === null) this.#emit({ ...use, detail: JSON.stringify({ url: url.toWellFormed() }) });
    else
      this.#emit({
        ...use,
        detail: '',
        data: url.slice(match[0].length),
        mediaType: match[1] ?? '',
      });
  }
}
