import type { ProviderError } from '../../core/errors.ts';

/** A shared call goes on without one of its followers, who may make a call of its own. */
export class LeftBehind extends Error {
  /** It has output of the shared call that was not taken back. */
  readonly hasOutput: boolean;
  /** Why. */
  readonly reason: ProviderError;

  constructor(hasOutput: boolean, reason: ProviderError) {
    super(reason.message);
    this.name = 'LeftBehind';
    this.hasOutput = hasOutput;
    this.reason = reason;
  }
}
