import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../core/clock.ts';

/** Pages that are open at once. */
const MAX_PAGES = 50;

/** How often they are renewed, in ms. */
const EVERY_MS = 1_000;

/** A page that does not read is not written to beyond this, in bytes. */
const MAX_BUFFERED = 1024 * 1024;

/** Renews the status pages that are open, by server-sent events: drawn once for all of them. */
export class StatusEvents {
  readonly #clock: Clock;
  readonly #draw: () => string;
  readonly #pages = new Set<ServerResponse>();
  #timer: Timer | undefined;
  #last = '';
  #closed = false;

  /** @param draw what the pages show, as HTML */
  constructor(clock: Clock, draw: () => string) {
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
      this.#last = event(this.#draw());
      const timer = this.#clock.after(EVERY_MS, () => {
        timer.refresh();
        this.#renew();
      });
      this.#timer = timer;
    }
    response.write(this.#last);
    return true;
  }

  /** Ends them all. */
  close(): void {
    this.#closed = true;
    for (const page of this.#pages) page.end();
    this.#stop();
  }

  #renew(): void {
    try {
      this.#last = event(this.#draw());
    } catch {
      // Nothing else is to suffer from it. The pages ask again, and then it is logged.
      for (const page of this.#pages) page.end();
      return;
    }
    for (const page of this.#pages) {
      if (page.writableLength < MAX_BUFFERED) page.write(this.#last);
    }
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

function event(data: string): string {
  return `data: ${data.replaceAll('\n', '\ndata: ')}\n\n`;
}
