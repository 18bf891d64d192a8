/** The provider for TypeScript services that want it in their own process. */

export type { BudgetPeriod, BudgetScope, BudgetState } from './core/budget-state.ts';
export type { StreamRecovery } from './core/call.ts';
export { ERROR_KINDS, type ErrorReason } from './core/error-kinds.ts';
export { ProviderError } from './core/errors.ts';
export type * from './core/events.ts';
export type * from './core/message.ts';
export type { Surface } from './core/model.ts';
export type { ProviderLog } from './core/provider-log.ts';
export type { Cost, Usage } from './core/usage.ts';
export type { BudgetAlert } from './money/budget/alert.ts';
export type { BudgetDefinition, BudgetOptions } from './money/budget/options.ts';
export { DEFAULT_RESPONSE_CACHE, type ResponseCacheOptions } from './money/cache/options.ts';
export type { LedgerQuery, LedgerStatus, LedgerSum, LedgerSums } from './money/ledger/ledger.ts';
export type { LedgerOptions } from './money/ledger/open-ledger.ts';
export { LedgerError } from './money/store/ledger-error.ts';
export { type BreakerOptions, DEFAULT_BREAKER } from './policies/breaker/options.ts';
export type { ApiKey } from './policies/keys/api-key.ts';
export { DEFAULT_RATE_LIMIT, type RateLimitOptions } from './policies/rate-limit/options.ts';
export { DEFAULT_RETRY, type RetryOptions } from './policies/retry/options.ts';
export {
  DEFAULT_TIMEOUTS,
  type ModelTimeouts,
  type PhaseTimeouts,
  type TimeoutOptions,
} from './policies/timeouts/options.ts';
export {
  createOpenAIProvider,
  type OpenAIProviderEnvironment,
  type OpenAIProviderOptions,
  type UpstreamOptions,
} from './provider/create.ts';
export type { CostManagementOptions } from './provider/options.ts';
export type * from './provider/provider.ts';
export type { DeclaredModel, ResolveOptions } from './request/catalogue/resolve.ts';
export { DEFAULT_PROFILES, withDefaultProfiles } from './request/profiles/defaults.ts';
export type { Profiles } from './request/profiles/profiles.ts';
export {
  DEFAULT_FALLBACK,
  FALLBACK_REASONS,
  type FallbackChain,
  type FallbackOptions,
} from './request/route/options.ts';
export type { SharedStoreOptions } from './shared-store/redis/options.ts';
