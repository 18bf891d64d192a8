/** The provider for TypeScript services that want it in their own process. */
export type { StreamRecovery } from './provider/call.ts';
export {
  createOpenAIProvider,
  type OpenAIProviderEnvironment,
  type OpenAIProviderOptions,
} from './provider/create.ts';
export { ERROR_KINDS, type ErrorReason } from './provider/error-kinds.ts';
export { ProviderError } from './provider/errors.ts';
export type * from './provider/events.ts';
export type * from './provider/message.ts';
export type * from './provider/provider.ts';
