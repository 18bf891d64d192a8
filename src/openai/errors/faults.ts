import type { Call } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import { identifierPath } from '../values/upstream-text.ts';
import { fromErrorObject } from './map-error.ts';

/** The body ended, and what it brought is no answer. */
export function hungUp(): ProviderError {
  return new ProviderError('NETWORK_ERROR', {
    message: 'The upstream hung up before its answer was complete.',
  });
}

/** An answer without an end. */
export function tooLarge(): ProviderError {
  return new ProviderError('SERVICE_UNAVAILABLE', {
    message: 'The upstream sent an answer that is too large.',
    unreadable: true,
  });
}

/** An error object in the place of an answer. */
export function reported(error: unknown, { model, record }: Call): ProviderError {
  return fromErrorObject(error, { model, requestId: record.upstreamRequestId });
}

/** The upstream stopped a background answer, which nobody here asks it to do. */
export function cancelledUpstream(): ProviderError {
  return new ProviderError('PROVIDER_ERROR', { message: 'The upstream cancelled its answer.' });
}

/**
 * A kept connection broke before a byte of the response: most likely the server closed it for being
 * idle at the same moment, and has not seen the request.
 */
export function staleConnection(error: ProviderError): ProviderError {
  if (error.reason !== 'NETWORK_ERROR') return error;
  return new ProviderError(error.reason, { ...error.facts, staleConnection: true });
}

/** A response in a content coding that is not known. */
export function encoded(): ProviderError {
  return new ProviderError('SERVICE_UNAVAILABLE', {
    message: 'The upstream sent its answer in a content coding that is not known.',
    unreadable: true,
  });
}

/** A 2xx response of another media type than the one that was asked for. */
export function notAStream(contentType: string): ProviderError {
  return new ProviderError('SERVICE_UNAVAILABLE', {
    message: 'The upstream answered with something that is not a stream of events.',
    unreadable: true,
    cause: new Error(
      `content-type ${identifierPath(contentType.replace('/', '.')) ?? 'unreadable'}`,
    ),
  });
}
