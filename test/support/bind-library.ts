import { type Server, ServerCredentials } from '@grpc/grpc-js';

/** Has a server of grpc-js listen by itself, on a free port of this machine. Resolves to the address. */
export function bindLibrary(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${port}`);
      else reject(error);
    });
  });
}
