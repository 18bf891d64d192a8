import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A line of the log, parsed; empty if it is not JSON. */
type LogLine = Readonly<Record<string, unknown>>;

/** Lines that are kept. */
const MAX_LINES = 200;

/** The sidecar's log, in memory. */
export class SidecarLog {
  readonly #lines: string[] = [];
  readonly #reader;

  constructor(stream: Readable) {
    this.#reader = createInterface({ input: stream });
    this.#reader.on('line', (line) => {
      this.#lines.push(line);
      if (this.#lines.length > MAX_LINES) this.#lines.shift();
    });
  }

  /** The last lines, oldest first. */
  tail(count: number): readonly string[] {
    return this.#lines.slice(-count);
  }

  /** The first line that fits, as soon as there is one; undefined if `signal` aborts first. */
  async find(fits: (line: LogLine) => boolean, signal: AbortSignal): Promise<LogLine | undefined> {
    for (;;) {
      const found = this.#lines.map(parse).find(fits);
      if (found !== undefined || signal.aborted) return found;
      await once(this.#reader, 'line', { signal }).catch(() => {});
    }
  }
}

function parse(line: string): LogLine {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}
