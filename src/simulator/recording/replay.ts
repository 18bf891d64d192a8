import { httpError } from '../answers/json.ts';
import type { Behaviour } from '../answers/server-exchange.ts';
import { type Endpoint, startEndpoint } from '../endpoint.ts';
import type { Place, Tell } from '../simulator.ts';
import { chunkBytes, type Entry } from './entry.ts';
import { matcherOf, meets } from './matcher.ts';

export interface ReplayOptions {
  /** How many times as fast as it was recorded. Default 1; Infinity: without a pause. */
  readonly speed?: number;
}

/**
 * Answers what was recorded, to the byte: the n-th of the same requests gets the n-th answer, those
 * after the last one get the last one again.
 */
export function startReplay(
  recording: readonly Entry[],
  { speed = 1 }: ReplayOptions = {},
  place: Place = {},
  tell: Tell = () => {},
): Promise<Endpoint> {
  const cassette = new Cassette(recording);
  return startEndpoint({
    ...place,
    route: (request) => {
      const matcher = matcherOf(request);
      const found = cassette.take(matcher);
      tell(request, found === undefined ? 'not recorded' : `line ${found.line}`);
      return found === undefined ? notRecorded(matcher) : replayed(found.entry, speed);
    },
  });
}

interface Track {
  readonly entry: Entry;
  /** Among those that are recorded, counted from 1. */
  readonly line: number;
  used: boolean;
}

class Cassette {
  readonly #tracks: readonly Track[];

  constructor(recording: readonly Entry[]) {
    this.#tracks = recording.map((entry, index) => ({ entry, line: index + 1, used: false }));
  }

  /** One that says the same comes before one that says less. */
  take(matcher: Entry['request']): Track | undefined {
    const fitting = this.#tracks.filter(({ entry }) => meets(matcher, entry.request));
    const same = fitting.filter(({ entry }) => meets(entry.request, matcher));
    const candidates = same.length > 0 ? same : fitting;
    const track = candidates.find(({ used }) => !used) ?? candidates.at(-1);
    if (track !== undefined) track.used = true;
    return track;
  }
}

function replayed({ response }: Entry, speed: number): Behaviour {
  return async (exchange) => {
    let now = 0;
    const until = async (ms: number): Promise<void> => {
      if (ms > now) await exchange.delay((ms - now) / speed);
      now = Math.max(now, ms);
    };
    await until(response.headersMs);
    exchange.head(response.status, response.statusMessage, response.headers);
    for (const chunk of response.chunks) {
      await until(chunk.ms);
      exchange.raw(chunkBytes(chunk));
      // What is written in one turn of the event loop would leave as one chunk.
      await exchange.writable();
    }
    await until(response.endMs);
    if (response.end === 'cut') exchange.cut();
    else exchange.end();
  };
}

function notRecorded({ method, path }: Entry['request']): Behaviour {
  const message = `The recording has no answer to this ${method} ${path}.`;
  return httpError(400, { message, code: 'not_recorded' });
}
