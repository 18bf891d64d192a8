import type { StatusObject } from '@grpc/grpc-js';
import {
  BadRequest,
  ErrorInfo,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
} from '../../../src/gen/google/rpc/error_details.ts';
import { Status } from '../../../src/gen/google/rpc/status.ts';
import { FailureInfo } from '../../../src/gen/tamma/provider/v1/error.ts';

/** The bytes of the `grpc-status-details-bin` trailer. */
export function detailsOf(status: StatusObject): Buffer {
  const [bytes] = status.metadata.get('grpc-status-details-bin');
  if (!Buffer.isBuffer(bytes)) throw new Error('no grpc-status-details-bin');
  return bytes;
}

/** What a client finds in the trailer; `names` are the types of the details in their order. */
export function decodeStatus(status: StatusObject) {
  const { code, message, details } = Status.decode(detailsOf(status));
  const find = <T>(type: string, decode: (bytes: Uint8Array) => T): T | undefined => {
    const any = details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/${type}`);
    return any && decode(any.value);
  };
  return {
    code,
    message,
    names: details.map(({ typeUrl }) => typeUrl.split('.').at(-1)),
    errorInfo: find('google.rpc.ErrorInfo', (b) => ErrorInfo.decode(b)),
    requestInfo: find('google.rpc.RequestInfo', (b) => RequestInfo.decode(b)),
    failureInfo: find('tamma.provider.v1.FailureInfo', (b) => FailureInfo.decode(b)),
    retryInfo: find('google.rpc.RetryInfo', (b) => RetryInfo.decode(b)),
    quotaFailure: find('google.rpc.QuotaFailure', (b) => QuotaFailure.decode(b)),
    badRequest: find('google.rpc.BadRequest', (b) => BadRequest.decode(b)),
    resourceInfo: find('google.rpc.ResourceInfo', (b) => ResourceInfo.decode(b)),
  };
}
