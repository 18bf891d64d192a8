import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('0.0.0.0', 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addAddress('::', 'ipv6');

/** Whether the URL's host is this machine: `localhost` and below, 127.0.0.0/8, ::1. */
export function isLoopback({ hostname }: URL): boolean {
  const host = bareHost(hostname);
  return /(^|\.)localhost$/.test(host) || holds(LOOPBACK, host);
}

/**
 * Whether a list as in NO_PROXY, separated by commas or white space, names the URL's host: by its name
 * or that of a domain above it (`example.com`, `.example.com`, `*.example.com`), by its address or a
 * network that holds it (`10.0.0.0/8`, `fd00::/8`), each with a port or without, or by `*`. Names are
 * not looked up, so that addresses only match hosts that are written as one.
 */
export function isExempt(url: URL, list: string): boolean {
  const host = bareHost(url.hostname);
  const port = url.port || (url.protocol === 'http:' ? '80' : '443');
  const entries = list.split(/[\s,]+/).filter((entry) => entry !== '');
  return entries.some((entry) => entry === '*' || fits(entry.toLowerCase(), host, port));
}

function fits(entry: string, host: string, port: string): boolean {
  const [network = '', prefix, ...more] = entry.split('/');
  if (prefix !== undefined) return more.length === 0 && isWithin(bareHost(network), prefix, host);
  const { name, entryPort } = withPort(entry);
  if (entryPort !== undefined && entryPort !== port) return false;
  if (isIP(name) !== 0) return isWithin(name, isIP(name) === 4 ? '32' : '128', host);
  const domain = bareHost(name.replace(/^\*?\./, ''));
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function isWithin(network: string, prefix: string, host: string): boolean {
  const family = isIP(network);
  if (family === 0 || isIP(host) === 0 || !/^\d{1,3}$/.test(prefix)) return false;
  if (Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  return holds(list, host);
}

function holds(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function withPort(entry: string): { readonly name: string; readonly entryPort?: string } {
  if (isIP(entry) !== 0) return { name: entry };
  const [, name = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  return { name: bareHost(name), ...(entryPort === undefined ? {} : { entryPort }) };
}

/** Without the brackets of an IPv6 and the dot that may end a name. */
function bareHost(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$|\.$/g, '');
}
