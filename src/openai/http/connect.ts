import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { ProxyError, TunnelError } from '../errors/proxy-errors.ts';
import type { HttpProxy } from './proxy.ts';

/** Opens a connection. The socket it returns calls the attempt off when it is destroyed. */
export type Connect = (
  target: buildConnector.Options,
  callback: buildConnector.Callback,
) => unknown;

/** As much of a proxy's answer to CONNECT as is read, in bytes. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** Responses that come before the answer (RFC 9110, section 15.2). */
const INTERIM = /^(?:HTTP\/1\.[01] 1(?!01)\d\d[^\n]*\n(?:[^\r\n]+\r\n)*\r\n)+/;

/**
 * Connects to https upstreams through a tunnel of the proxy (RFC 9110, CONNECT) and to the proxy itself
 * directly.
 *
 * @param timeoutMs for all of it: TCP, the proxy's own TLS, its answer and the upstream's TLS
 */
export function throughTunnel(
  proxy: HttpProxy,
  direct: buildConnector.connector,
  timeoutMs: number,
): Connect {
  return (target, callback) => {
    // What is for the proxy to forward is sent to it, over TLS where that is how it is spoken to.
    const isProxy = target.protocol !== 'https:' || target.host === proxy.target.host;
    if (isProxy) {
      // Not for the name that the request is for: undici would want its certificate.
      return direct(proxy.target, (...[error, socket]) =>
        error === null ? callback(null, socket) : callback(new ProxyError(error), null),
      );
    }
    let settled = false;
    let hasTunnel = false;
    const settle: buildConnector.Callback = (...result) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      callback(...result);
    };
    const fail = (error: Error): void => {
      const isTold = hasTunnel || error instanceof TunnelError;
      settle(isTold ? error : new ProxyError(error), null);
    };
    const socket = connectedBy(direct, proxy.target, (error) => {
      if (error !== null) fail(error);
      else {
        openTunnel(socket, target, proxy, (refusal) => {
          hasTunnel = refusal === undefined;
          if (hasTunnel) direct({ ...target, httpSocket: socket }, settle);
          else socket.destroy(refusal);
        });
      }
    });
    const timer = setTimeout(() => socket.destroy(tooSlow()), timeoutMs);
    socket.on('error', fail);
    // The TLS over a socket that is destroyed need not say so.
    socket.on('close', () => fail(new Error('the connection to the proxy was closed')));
    return socket;
  };
}

/** The type of the connector does not tell that it returns its socket. */
function connectedBy(
  direct: buildConnector.connector,
  target: buildConnector.Options,
  done: (error: Error | null) => void,
): Socket {
  const socket: unknown = direct(target, (...[error]) => done(error));
  return socket as Socket;
}

function openTunnel(
  socket: Socket,
  { hostname, port }: buildConnector.Options,
  { authorization }: HttpProxy,
  done: (refusal?: TunnelError) => void,
): void {
  const name = hostname.includes(':') ? `[${hostname.replace(/^\[|\]$/g, '')}]` : hostname;
  const authority = `${name}:${port || 443}`;
  const credentials =
    authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`);
  let answer = '';
  const onReadable = (): void => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
      answer = (answer + String(chunk)).replace(INTERIM, '');
    }
    const isWhole = answer.includes('\r\n\r\n');
    if (!isWhole && answer.length <= MAX_ANSWER_BYTES) return;
    socket.off('readable', onReadable);
    socket.off('end', onEnd);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
    // Whatever follows comes from the upstream, and no TLS server speaks first.
    const isOpen = isWhole && status >= 200 && status < 300 && answer.endsWith('\r\n\r\n');
    done(isOpen ? undefined : new TunnelError(status));
  };
  const onEnd = (): void => done(new TunnelError(0));
  socket.on('readable', onReadable);
  socket.once('end', onEnd);
}

function tooSlow(): Error {
  const error = new Error('the connection through the proxy took too long');
  return Object.assign(error, { code: 'UND_ERR_CONNECT_TIMEOUT' });
}
