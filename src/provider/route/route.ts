/** Name of the upstream that the configuration's top level describes. */
export const DEFAULT_UPSTREAM = 'default';

/** A place where a call may be answered. */
export interface Route {
  /** Name of the upstream: `default`, or one of the configuration's `targets`. */
  readonly upstream: string;
  /** The model to ask there, as a caller would name it. */
  readonly model: string;
}
