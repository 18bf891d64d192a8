/** Time, injected so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the epoch; never runs backwards while the process lives. */
  now(): number;
  /** Calls `callback` once, `ms` (at most 2^31-1) from now. */
  after(ms: number, callback: () => void): Timer;
}

export interface Timer {
  /** Starts the wait anew, also after it fired. */
  refresh(): void;
  cancel(): void;
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(ms, callback) {
    const timeout = setTimeout(callback, ms);
    return {
      refresh: () => void timeout.refresh(),
      cancel: () => clearTimeout(timeout),
    };
  },
};
