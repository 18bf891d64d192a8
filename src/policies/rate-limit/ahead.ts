/** What goes before somebody. */
export interface Ahead {
  readonly requests: number;
  readonly tokens: number;
}

export const NOBODY: Ahead = { requests: 0, tokens: 0 };
