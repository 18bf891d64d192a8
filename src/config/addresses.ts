import { isIPv4, isIPv6 } from 'node:net';

/** Bytes that fit into sockaddr_un on Linux, without the closing zero. */
const MAX_SOCKET_PATH_BYTES = 107;

const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const DOTTED_NUMBERS = /^[0-9.]+$/;
const MAX_PORT = 65_535;

/** Whether the text is `host:port` or `[v6]:port`, port 0 to 65535. */
export function isHostAndPort(text: string): boolean {
  const [, bracketed, host = '', port] =
    /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > MAX_PORT) return false;
  return bracketed === undefined ? isHost(host) : isIPv6(bracketed);
}

/** Whether the text is `unix:/absolute/path`, short enough for a socket. */
export function isUnixSocket(text: string): boolean {
  const path = /^unix:(\/[^/\0][^\0]*)$/.exec(text)?.[1];
  return (
    path !== undefined && !path.endsWith('/') && Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES
  );
}

function isHost(host: string): boolean {
  return DOTTED_NUMBERS.test(host) ? isIPv4(host) : HOST_NAME.test(host);
}
