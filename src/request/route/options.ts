import type { ErrorReason } from '../../core/error-kinds.ts';

/** What is tried elsewhere, when, and where. */
export interface FallbackOptions {
  /** Failures after which the next route is tried. */
  readonly on: readonly ErrorReason[];
  /** For calls that name no fallback of their own; the first whose pattern fits the model. */
  readonly chains: readonly FallbackChain[];
  /**
   * Longest wait before another attempt at the same target while there is somewhere else to go,
   * in ms, 0 or more.
   */
  readonly maxWaitMs: number;
}

/** Where calls for some models go on when their target fails, in order. */
export interface FallbackChain {
  /** Of model names, with `*` and `?`. */
  readonly pattern: string;
  /** A model, an upstream's name, or both with a slash between them. */
  readonly routes: readonly string[];
}

/** The targets over which the calls of some models are spread. */
export interface SharedRoute {
  /** Of model names, with `*` and `?`. */
  readonly pattern: string;
  /** At least one, each once. */
  readonly targets: readonly TargetShare[];
}

export interface TargetShare {
  /** An upstream's name. */
  readonly target: string;
  /** Its share of the calls in relation to the others; above 0. */
  readonly weight: number;
}

/**
 * Failures that say nothing against the request, and CONTEXT_TOO_LONG, after which only a model with
 * a larger window is tried. Content that was refused stays refused.
 */
export const FALLBACK_REASONS = [
  'RATE_LIMIT_EXCEEDED',
  'QUOTA_EXCEEDED',
  'INVALID_API_KEY',
  'PERMISSION_DENIED',
  'MODEL_NOT_FOUND',
  'CONTEXT_TOO_LONG',
  'CIRCUIT_OPEN',
  'SERVICE_UNAVAILABLE',
  'NETWORK_ERROR',
  'TIMEOUT',
  'PROVIDER_ERROR',
] as const satisfies readonly ErrorReason[];

/** No chains: a call goes on where it names `fallbackModels` itself. */
export const DEFAULT_FALLBACK: FallbackOptions = {
  on: FALLBACK_REASONS,
  chains: [],
  maxWaitMs: 2_000,
};
