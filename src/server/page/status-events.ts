import type { ServerResponse } from 'node:http';
import { type Clock, every, type Timer } from '../../core/clock.ts';
import type { Sections } from './status-page.ts';

/** Pages that are open at once. */
const MAX_PAGES = 50;

/** How often they are renewed, in ms. */
const EVERY_MS = 1_000;

/** A page that does not read is ended beyond this, in bytes: it asks again when it reads. */
const MAX_BUFFERED = 1024 * 1024;

/**
 * Renews the status pages that are open, by server-sent events: drawn once for all of them, and only what
 * has changed is sent. The id of an event is the time, so that one without changes says that all is alive.
 */
export class StatusEvents {
  readonly #clock: Clock;
  readonly #draw: () => Sections;
  readonly #pages = new Set<ServerResponse>();
  #timer: Timer | undefined;
  #last: Sections = new Map();
  #closed = false;

  constructor(clock: Clock, draw: () => Sections) {
    this.#clock = clock;
    this.#draw = draw;
  }

  /** @returns false if there are too many */
  open(response: ServerResponse): boolean {
    if (this.#closed || this.#pages.size >= MAX_PAGES) return false;
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    this.#pages.add(response);
    response.on('close', () => {
      this.#pages.delete(response);
      if (this.#pages.size === 0) this.#stop();
    });
    if (this.#timer === undefined) {
      this.#last = this.#draw();
      this.#timer = every(this.#clock, EVERY_MS, () => this.#renew());
    }
    response.write(this.#event([...this.#last.values()]));
    return true;
  }

  /** Ends them all. */
  close(): void {
    this.#closed = true;
    for (const page of this.#pages) page.end();
    this.#stop();
  }

  #renew(): void {
    const before = this.#last;
    try {
      this.#last = this.#draw();
    } catch {
      // Nothing else is to suffer from it. The pages ask again, and then it is logged.
      for (const page of this.#pages) page.end();
      return;
    }
    const changed = [...this.#last].flatMap(([id, drawn]) =>
      before.get(id) === drawn ? [] : drawn,
    );
    const event = this.#event(changed);
    for (const page of this.#pages) {
      // What was left out once would be missing until it changes again.
      if (page.writableLength < MAX_BUFFERED) page.write(event);
      else page.destroy();
    }
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #event(sections: readonly string[]): string {
    const id = Math.round(this.#clock.now());
    // A line ends with each of these, and callers choose names that are drawn.
    return `id: ${id}\ndata: ${sections.join('').replaceAll(/\r\n?|\n/g, '\ndata: ')}\n\n`;
  }
}
