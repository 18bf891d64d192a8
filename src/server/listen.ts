import { chmod } from 'node:fs/promises';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import { removeStaleSocket } from './unix-socket.ts';

export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

const HOST_AND_PORT = /^(\[[0-9A-Fa-f:.]+\]|[^\s:/[\]]+):(\d{1,5})$/;
const UNIX_PREFIX = 'unix:';

/** Reads `127.0.0.1:50051`, `[::1]:0` (port 0: any that is free) or `unix:/path`; throws on else. */
export function parseListenAddress(address: string): ListenAddress {
  if (address.startsWith(UNIX_PREFIX)) {
    // unix:///path, as the gRPC naming scheme also allows it.
    const path = address.slice(UNIX_PREFIX.length).replace(/^\/\/(?=\/)/, '');
    if (path !== '') return { kind: 'unix', path };
  }
  const [, host, digits] = HOST_AND_PORT.exec(address) ?? [];
  const port = Number(digits);
  if (host === undefined || port > 65_535) {
    throw new Error(`"${address}" is not an address: host:port, [ipv6]:port or unix:/path`);
  }
  return { kind: 'tcp', host, port };
}

/**
 * Binds all addresses, or none: when one fails the server is shut down, and the error names it.
 * Returns the addresses with their real ports.
 *
 * A socket file gets `socketMode`, since the mode it is made with lets no other user connect. It
 * disappears with its listener.
 */
export async function listen(
  server: Server,
  addresses: readonly string[],
  socketMode: number,
): Promise<readonly string[]> {
  const parsed = addresses.map(parseListenAddress);
  const bound: string[] = [];
  try {
    for (const address of parsed) bound.push(await bind(server, address, socketMode));
  } catch (error) {
    server.forceShutdown();
    throw error;
  }
  return bound;
}

async function bind(server: Server, address: ListenAddress, socketMode: number): Promise<string> {
  const name =
    address.kind === 'unix'
      ? `${UNIX_PREFIX}${address.path}`
      : `${address.host}:${String(address.port)}`;
  try {
    if (address.kind === 'tcp') return `${address.host}:${String(await bindAsync(server, name))}`;
    await removeStaleSocket(address.path);
    await bindAsync(server, name);
    await chmod(address.path, socketMode);
    return name;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot listen on ${name}: ${reason}`, { cause: error });
  }
}

function bindAsync(server: Server, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(name, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}
