import type { ErrorReason } from './error-kinds.ts';

/** Name of the upstream that the configuration's top level describes. */
export const DEFAULT_UPSTREAM = 'default';

/** A place where a call may be answered. */
export interface Route {
  /** Name of the upstream: `default`, or one of the configuration's `targets`. */
  readonly upstream: string;
  /** The model to ask there, as a caller would name it. */
  readonly model: string;
}

/** A route that did not answer. */
export interface LeftRoute extends Route {
  /** Why the call went on. */
  readonly reason: ErrorReason;
  /** Most tokens of a prompt that it takes, if the conversation was too long; absent: not known. */
  readonly inputLimit?: number;
}

/** As people write it: `azure/gpt-4o`. */
export function routeName({ upstream, model }: Route): string {
  return `${upstream}/${model}`;
}
