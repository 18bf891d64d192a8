/** How long an attempt may take in each phase, in ms, 1 to 2^31-1. */
export interface PhaseTimeouts {
  /** DNS, TCP and TLS. */
  readonly connectMs: number;
  /** From the connection to the response's headers. `auto`: see limits.ts. */
  readonly headersMs: number | 'auto';
  /**
   * From the headers to the first output; of a model that cannot stream from the connection to the
   * whole answer. A call may bring its own. `auto`: as long as the model may take, see limits.ts.
   */
  readonly firstTokenMs: number | 'auto';
  /** Between two events after the first output. A call may bring its own. `auto`: see limits.ts. */
  readonly idleMs: number | 'auto';
}

/** Where some models differ. */
export interface ModelTimeouts extends Partial<PhaseTimeouts> {
  /** Of the model's id or of the name that is sent, with `*` and `?`. */
  readonly pattern: string;
}

/** How long an attempt may take, in ms. */
export interface TimeoutOptions extends PhaseTimeouts {
  /** Silence behind a finish reason that ends a stream which stays open. */
  readonly afterFinishMs: number;
  /** The first whose pattern fits counts. */
  readonly models: readonly ModelTimeouts[];
}

/** `auto` depends on the model, and on whether the call can go elsewhere: docs/configuration.md. */
export const DEFAULT_TIMEOUTS: TimeoutOptions = {
  connectMs: 5_000,
  headersMs: 'auto',
  firstTokenMs: 'auto',
  idleMs: 'auto',
  afterFinishMs: 5_000,
  models: [],
};
