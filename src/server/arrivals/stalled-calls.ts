import { constants } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { type Clock, every, type Timer } from '../../core/clock.ts';
import { LiveSet, type Member } from '../../core/live-set.ts';
import type { LibraryCall } from './library-call.ts';

/** How often calls are looked at that get no further, in ms. */
const LOOK_EVERY_MS = 5_000;

const NEVER_CAME = {
  code: status.DEADLINE_EXCEEDED,
  details: 'The request did not arrive in time.',
  metadata: null,
};

interface Progress extends Member {
  readonly call: LibraryCall;
  /** Whether it may take for ever to say all that it asks. */
  readonly isConversation: boolean;
  /** Epoch ms of its arrival, or at which fewer or more bytes of its answer waited than now. */
  since: number;
  /** Bytes of its answer that wait for the caller. */
  waiting: number;
}

/** Gives up requests that never arrive, and answers that are never read. */
export class StalledCalls {
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #open = new LiveSet<Progress>();
  #timer: Timer | undefined;

  /** @param stallMs see InboundDeps */
  constructor(clock: Clock, stallMs: number) {
    this.#clock = clock;
    this.#stallMs = stallMs;
  }

  /** Returns what is to be forgotten when its stream is closed. */
  watch(call: LibraryCall, isConversation: boolean): Progress {
    const progress: Progress = {
      call,
      isConversation,
      since: this.#clock.now(),
      waiting: 0,
      place: undefined,
    };
    this.#open.add(progress);
    this.#timer ??= every(this.#clock, LOOK_EVERY_MS, () => this.#look(), true);
    return progress;
  }

  forget(progress: Progress): void {
    this.#open.delete(progress);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const now = this.#clock.now();
    for (const progress of this.#open) {
      const { writableLength } = progress.call.stream;
      if (writableLength !== progress.waiting) {
        progress.waiting = writableLength;
        progress.since = now;
      }
      const still = now - progress.since;
      if (writableLength > 0) {
        if (still >= 2 * this.#stallMs) progress.call.stream.close(constants.NGHTTP2_CANCEL);
      } else if (still >= this.#stallMs) giveUp(progress);
    }
  }
}

/** If the rest of what it asks is still to come. */
function giveUp({ call, isConversation }: Progress): void {
  if (call.receivedHalfClose) return;
  // It has its status, and would go on to hold its place and its connection.
  if (call.cancelled) call.stream.close(constants.NGHTTP2_NO_ERROR);
  else if (!isConversation) call.sendStatus(NEVER_CAME);
}
