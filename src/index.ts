/** The provider for TypeScript services that want it in their own process. */
export type { StreamRecovery } from './provider/call.ts';
export type { Surface } from './provider/catalogue/model.ts';
export type { DeclaredModel, ResolveOptions } from './provider/catalogue/resolve.ts';
export {
  createOpenAIProvider,
  type OpenAIProviderEnvironment,
  type OpenAIProviderOptions,
} from './provider/create.ts';
export { ERROR_KINDS, type ErrorReason } from './provider/error-kinds.ts';
export { ProviderError } from './provider/errors.ts';
export type * from './provider/events.ts';
export type * from './provider/message.ts';
export { DEFAULT_PROFILES, withDefaultProfiles } from './provider/profiles/defaults.ts';
export type { Profiles } from './provider/profiles/profiles.ts';
export type * from './provider/provider.ts';
