import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';

type RawMethod = MethodDefinition<RawRequest | Buffer, Buffer>;

const NOTHING = Buffer.alloc(0);

/** The request of a call of one request, as bytes, until its handler takes it. grpc-js keeps what it got until the call ends. */
export class RawRequest {
  #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The bytes; the next time there are none. */
  take(): Buffer {
    const bytes = this.#bytes;
    this.#bytes = NOTHING;
    return bytes;
  }
}

/** A handler for each method of a service, taking and giving bytes. */
export type RawHandlers<Service> = {
  readonly [Name in keyof Service]: Service[Name] extends { readonly responseStream: true }
    ? handleServerStreamingCall<RawRequest, Buffer>
    : Service[Name] extends { readonly requestStream: true }
      ? handleClientStreamingCall<Buffer, Buffer>
      : handleUnaryCall<RawRequest, Buffer>;
};

/** The same service with messages left as bytes, for handlers that read and write them themselves. */
export function rawService(definition: ServiceDefinition): Record<string, RawMethod> {
  return Object.fromEntries(
    Object.entries(definition).map(([name, { path, requestStream, responseStream }]) => [
      name,
      {
        path,
        requestStream,
        responseStream,
        requestSerialize: bytesOf,
        requestDeserialize: requestStream ? asIs : raw,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    ]),
  );
}

/** Throws unless every method has a handler: grpc-js would answer UNIMPLEMENTED for one without. */
export function assertComplete(
  definition: ServiceDefinition,
  implementation: UntypedServiceImplementation,
): void {
  for (const [name, { path }] of Object.entries(definition)) {
    if (typeof implementation[name] !== 'function') throw new Error(`no handler for ${path}`);
  }
}

function raw(bytes: Buffer): RawRequest {
  return new RawRequest(bytes);
}

function bytesOf(request: RawRequest | Buffer): Buffer {
  return request instanceof RawRequest ? request.take() : request;
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
