import { HOST_AND_PORT, MAX_SOCKET_PATH_BYTES, UNIX_SOCKET, whole } from './patterns.ts';

const HOST_AND_PORT_ONLY = new RegExp(whole(HOST_AND_PORT), 'u');
const UNIX_SOCKET_ONLY = new RegExp(whole(UNIX_SOCKET), 'u');

/** Whether the text is `host:port` or `[v6]:port`, port 0 to 65535. */
export function isHostAndPort(text: string): boolean {
  return HOST_AND_PORT_ONLY.test(text);
}

/** Whether the text is `unix:/absolute/path`, short enough for a socket. */
export function isUnixSocket(text: string): boolean {
  const bytes = Buffer.byteLength(text) - 'unix:'.length;
  return UNIX_SOCKET_ONLY.test(text) && bytes <= MAX_SOCKET_PATH_BYTES;
}
