/** What an upstream's `x-ratelimit-*` headers say. Absent: nothing, or nothing that makes sense. */
export interface RateHeadroom {
  readonly requests?: Headroom;
  readonly tokens?: Headroom;
  /** Whose limits they are: the upstream's names of organization and project. Absent: not told. */
  readonly account?: string;
}

export interface Headroom {
  /** Per minute, above 0. */
  readonly limit: number;
  /** 0 or more. */
  readonly remaining: number;
  /** Until `remaining` is `limit` again, in ms, 0 or more. */
  readonly resetMs: number;
}
