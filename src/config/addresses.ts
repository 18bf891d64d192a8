import {
  HOST_AND_PORT,
  LOCAL_ADDRESS,
  MAX_SOCKET_PATH_BYTES,
  matcher,
  SAFE_URL,
  UNIX_SOCKET,
  whole,
} from './patterns.ts';

/** Of the gRPC server, and of what operators look at. */
export const DEFAULT_LISTEN = '127.0.0.1:50051';
export const DEFAULT_ADMIN_LISTEN = '127.0.0.1:9464';

const LOCAL_ADDRESS_ONLY = new RegExp(whole(LOCAL_ADDRESS), 'u');
const SAFE_URL_ONLY = new RegExp(whole(SAFE_URL), 'su');
const UNIX_SOCKET_ONLY = new RegExp(whole(UNIX_SOCKET), 'u');

/** Whether the text is `host:port` or `[v6]:port`, port 0 to 65535. */
export const isHostAndPort: (text: string) => boolean = matcher(whole(HOST_AND_PORT));

/** Whether the text is `unix:/absolute/path`, short enough for a socket. */
export function isUnixSocket(text: string): boolean {
  const bytes = Buffer.byteLength(text) - 'unix:'.length;
  return UNIX_SOCKET_ONLY.test(text) && bytes <= MAX_SOCKET_PATH_BYTES;
}

/** Whether one can listen there. */
export function isAddress(text: string): boolean {
  return isHostAndPort(text) || isUnixSocket(text);
}

/** Whether the text is an address that only this machine reaches: loopback, or a socket. */
export function isOfThisMachine(address: string): boolean {
  if (!LOCAL_ADDRESS_ONLY.test(address)) return false;
  return isAddress(address);
}

/** Whether what is said to a URL is encrypted, or stays on this machine. */
export function isSafeUrl(url: string): boolean {
  return SAFE_URL_ONLY.test(url);
}
