const SLOT_MS = 500;
const WINDOW_MS = 60_000;
/** One more than the window has: the oldest counts until all of it is out of the window. */
const SLOTS = WINDOW_MS / SLOT_MS + 1;

/** What was taken during the last minute, at most `limit` of it. */
export class SlidingWindow {
  #limit: number;
  /** By number of the slot since the epoch, modulo its length. */
  readonly #slots = new Float64Array(SLOTS);
  #sum = 0;
  /** Number of the current slot. */
  #current: number;

  constructor(limit: number, now: number) {
    this.#limit = limit;
    this.#current = slotAt(now);
  }

  /** What was taken stays taken. */
  resize(limit: number): void {
    this.#limit = limit;
  }

  take(amount: number, now: number): boolean {
    if (this.#missing(amount, now) > 0) return false;
    this.#add(amount, this.#current);
    return true;
  }

  waitMs(amount: number, now: number, ahead = 0): number {
    let missing = this.#missing(amount, now) + ahead;
    if (missing <= 0) return 0;
    for (let slot = this.#current - SLOTS + 1; slot <= this.#current; slot += 1) {
      missing -= this.#takenIn(slot);
      if (missing <= 0) return (slot + SLOTS) * SLOT_MS - now;
    }
    return WINDOW_MS * (1 + missing / this.#limit);
  }

  /** Of what has left the window since, nothing is left to give back. */
  give(amount: number, takenAt: number): void {
    const slot = slotAt(takenAt);
    if (slot > this.#current - SLOTS) this.#add(-amount, slot);
  }

  /** More than the limit is taken from an empty window, or it would never be. */
  #missing(amount: number, now: number): number {
    this.#advance(slotAt(now));
    return this.#sum + Math.min(amount, this.#limit) - this.#limit;
  }

  #takenIn(slot: number): number {
    return this.#slots[slot % SLOTS] ?? 0;
  }

  #add(amount: number, slot: number): void {
    this.#slots[slot % SLOTS] = this.#takenIn(slot) + amount;
    this.#sum += amount;
  }

  #advance(to: number): void {
    const from = Math.max(this.#current, to - SLOTS);
    for (let slot = from + 1; slot <= to; slot += 1) {
      this.#sum -= this.#takenIn(slot);
      this.#slots[slot % SLOTS] = 0;
    }
    this.#current = to;
  }
}

function slotAt(now: number): number {
  return Math.floor(now / SLOT_MS);
}
