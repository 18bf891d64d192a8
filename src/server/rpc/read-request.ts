import type { MethodDefinition } from '@grpc/grpc-js';
import { ProviderError } from '../../core/errors.ts';
import type { RequestShape } from './request-shape.ts';
import { type Oversize, oversizeOf } from './request-size.ts';

/** What is needed of an RPC to read its requests and write its answers. */
export type Method<Request, Response> = Pick<
  MethodDefinition<Request, Response>,
  'path' | 'requestDeserialize' | 'responseSerialize'
>;

const UNREADABLE = 'The request is not a valid message of its type.';

/** @throws ProviderError INVALID_REQUEST: the bytes are no message of the type, or one that is too large */
export function readRequest<Request>(
  method: Pick<Method<Request, never>, 'requestDeserialize'>,
  shape: RequestShape,
  bytes: Buffer,
): Request {
  // Before decoding, which makes an object of two bytes.
  const oversize = oversizeOf(bytes, shape);
  if (oversize !== undefined) refuse(oversize);
  try {
    return method.requestDeserialize(bytes);
  } catch (cause) {
    throw new ProviderError('INVALID_REQUEST', { message: UNREADABLE, cause });
  }
}

function refuse(oversize: Oversize): never {
  if (oversize === 'malformed') throw new ProviderError('INVALID_REQUEST', { message: UNREADABLE });
  throw new ProviderError('INVALID_REQUEST', { fieldViolations: [oversize] });
}
