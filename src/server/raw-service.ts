import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';

type RawMethod = MethodDefinition<Buffer, Buffer>;

/** A handler for each method of a service, taking and giving bytes. */
export type RawHandlers<Service> = {
  readonly [Name in keyof Service]: Service[Name] extends { readonly responseStream: true }
    ? handleServerStreamingCall<Buffer, Buffer>
    : Service[Name] extends { readonly requestStream: true }
      ? handleClientStreamingCall<Buffer, Buffer>
      : handleUnaryCall<Buffer, Buffer>;
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
        requestSerialize: asIs,
        requestDeserialize: asIs,
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

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
