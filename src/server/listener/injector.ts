import type { ServerHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { type Server, ServerCredentials } from '@grpc/grpc-js';

/**
 * Takes a connection over which HTTP/2 is spoken, TLS taken off, and returns the session that was made
 * of it; undefined if the connection turned out to be for another protocol.
 */
export type Inject = (connection: Duplex) => ServerHttp2Session | undefined;

/**
 * Has grpc-js serve connections that were accepted elsewhere. It hands out no session, but looks its
 * own method that takes one up on the object that is changed here.
 *
 * @throws Error if grpc-js does not do so any more
 */
export function createInjector(server: Server): Inject {
  const sessionHandler: unknown = Reflect.get(server, '_sessionHandler');
  if (typeof sessionHandler !== 'function') {
    throw new Error('grpc-js does not take connections as it used to.');
  }
  let made: ServerHttp2Session | undefined;
  Reflect.set(server, '_sessionHandler', (http2Server: object) => {
    const handle = Reflect.apply(sessionHandler, server, [http2Server]);
    return (session: ServerHttp2Session) => {
      made = session;
      handle(session);
    };
  });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return (connection) => {
    made = undefined;
    // The session is made before this returns.
    injector.injectConnection(connection);
    return made;
  };
}
