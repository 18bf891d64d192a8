import { ProviderError } from '../../core/errors.ts';

/** What validation refuses before: that it came here is a bug. */
export function unserved(what: string): never {
  throw new ProviderError('INTERNAL', { cause: `${what} passed validation` });
}
