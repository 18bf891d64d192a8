/** The provider for TypeScript services that want it in their own process. */
export { type BreakerOptions, DEFAULT_BREAKER } from './provider/breaker/options.ts';
export type { BudgetAlert } from './provider/budget/alert.ts';
export type { BudgetDefinition, BudgetOptions } from './provider/budget/options.ts';
export type { BudgetPeriod, BudgetScope, BudgetState } from './provider/budget/state.ts';
export type { StreamRecovery } from './provider/call.ts';
export type { Surface } from './provider/catalogue/model.ts';
export type { DeclaredModel, ResolveOptions } from './provider/catalogue/resolve.ts';
export {
  createOpenAIProvider,
  type OpenAIProviderEnvironment,
  type OpenAIProviderOptions,
  type UpstreamOptions,
} from './provider/create.ts';
export { ERROR_KINDS, type ErrorReason } from './provider/error-kinds.ts';
export { ProviderError } from './provider/errors.ts';
export type * from './provider/events.ts';
export type { ApiKey } from './provider/keys/api-key.ts';
export type { LedgerQuery, LedgerSum, LedgerSums } from './provider/ledger/ledger.ts';
export { LedgerError } from './provider/ledger/ledger-error.ts';
export type { LedgerOptions } from './provider/ledger/open-ledger.ts';
export type * from './provider/message.ts';
export type { CostManagementOptions } from './provider/options.ts';
export { DEFAULT_PROFILES, withDefaultProfiles } from './provider/profiles/defaults.ts';
export type { Profiles } from './provider/profiles/profiles.ts';
export type * from './provider/provider.ts';
export type { ProviderLog } from './provider/provider-log.ts';
export { DEFAULT_RATE_LIMIT, type RateLimitOptions } from './provider/rate-limit/options.ts';
export { DEFAULT_RETRY, type RetryOptions } from './provider/retry/options.ts';
export {
  DEFAULT_FALLBACK,
  FALLBACK_REASONS,
  type FallbackChain,
  type FallbackOptions,
} from './provider/route/options.ts';
export type { SharedStoreOptions } from './provider/shared-store/options.ts';
export {
  DEFAULT_TIMEOUTS,
  type ModelTimeouts,
  type PhaseTimeouts,
  type TimeoutOptions,
} from './provider/timeouts/options.ts';
