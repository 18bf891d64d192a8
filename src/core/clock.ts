/** The longest wait of one timer, in ms, 24 days: a longer one of the system's would be over at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** Time, injected so that tests need not wait. */
export interface Clock {
  /**
   * Milliseconds since the epoch; never runs backwards while the process lives, and so does not follow
   * when the wall clock is set. DatedClock does.
   */
  now(): number;
  /**
   * Calls `callback` once, `ms` from now; MAX_TIMER_MS from now if that is earlier.
   *
   * @param background The wait does not keep the process alive. Default: it does.
   */
  after(ms: number, callback: () => void, background?: boolean): Timer;
  /**
   * The same for who waits that somebody else says something: `callback` comes when all was read that had
   * come until the time was up. A process that has much to do fires its timers late, and before it reads.
   */
  afterSilence(ms: number, callback: () => void): Timer;
}

export interface Timer {
  /** Starts the wait anew, also after it fired. */
  refresh(): void;
  cancel(): void;
}

const [seconds, nanoseconds] = process.hrtime();
/** Epoch ms of what process.hrtime() counts from, by what the wall clock said when the process began. */
const origin = performance.timeOrigin + performance.now() - (seconds * 1e3 + nanoseconds / 1e6);

export const systemClock: Clock = {
  now() {
    // Not performance.now(), which looks first whose it is: a call reads the time some forty times.
    const [seconds, nanoseconds] = process.hrtime();
    return origin + seconds * 1e3 + nanoseconds / 1e6;
  },
  after(ms, callback, background = false) {
    const timeout = setTimeout(callback, Math.min(ms, MAX_TIMER_MS));
    if (background) timeout.unref();
    return {
      refresh: () => void timeout.refresh(),
      cancel: () => clearTimeout(timeout),
    };
  },
  afterSilence(ms, callback) {
    let reading: NodeJS.Immediate | undefined;
    // An immediate of a timer follows when the sockets have been read.
    const timer = systemClock.after(ms, () => {
      reading = setImmediate(callback);
    });
    return {
      refresh() {
        clearImmediate(reading);
        timer.refresh();
      },
      cancel() {
        clearImmediate(reading);
        timer.cancel();
      },
    };
  },
};

/**
 * Calls `callback` again and again, each time `ms` after it was called before.
 *
 * @param background as for `Clock.after`
 */
export function every(
  clock: Pick<Clock, 'after'>,
  ms: number,
  callback: () => void,
  background = false,
): Timer {
  const timer = clock.after(
    ms,
    () => {
      // First: `callback` may cancel it.
      timer.refresh();
      callback();
    },
    background,
  );
  return timer;
}
