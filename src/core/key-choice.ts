/** The API keys that an attempt may be made with, by their positions, where its upstream has several. */
export interface KeyChoice {
  /** How many the upstream has, 2 or more. */
  readonly size: number;
  /** Whether it may be used now. One may, always. */
  mayUse(key: number): boolean;
  /**
   * Of those that may be used, the one whose turn is next.
   *
   * @param room of a key, 0 to 1; one without any is passed over
   * @returns undefined if none has room
   */
  next(room: (key: number) => number): number | undefined;
  /** The attempt is made with it, and not with the one that was planned. */
  use(key: number): void;
}
