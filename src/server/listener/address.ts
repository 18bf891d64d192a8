import { lookup } from 'node:dns/promises';

export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

const HOST_AND_PORT = /^(\[[0-9A-Fa-f:.]+(?:%[0-9A-Za-z._~:-]+)?\]|[^\s:/[\]]+):(\d{1,5})$/;
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

/** The address as people write it, with the real port if it is another. */
export function formatListenAddress(address: ListenAddress, port?: number): string {
  return address.kind === 'unix'
    ? `${UNIX_PREFIX}${address.path}`
    : `${address.host}:${String(port ?? address.port)}`;
}

/** The IP addresses of a host, as node:net takes them. A name such as localhost may have several. */
export async function ipAddressesOf(host: string): Promise<readonly string[]> {
  const bare = host.replace(/^\[|\]$/g, '');
  const found = await lookup(bare, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}

/** Whether an IP address is one that this machine alone reaches. */
export function isLoopbackAddress(ip: string): boolean {
  return ip === '::1' || /^(::ffff:)?127\./.test(ip);
}
