import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** Passes bytes on to a port of this machine, until its connections die without a word. */
export interface Relay {
  readonly port: number;
  /** Connections that were made so far. */
  readonly accepted: number;
  /** Bytes that came over dead connections. */
  readonly lost: number;
  /** How long bytes are under way, in ms, there and as long back. */
  delayMs: number;
  /** From now on nothing passes over the connections that stand, and nobody is told; new ones work. */
  die(): void;
  close(): Promise<void>;
}

/** @param tls key and certificate that it shows; what it passes on is plain. Default: no TLS. */
export async function startRelay(
  target: number,
  tls?: { readonly key: string; readonly cert: string },
): Promise<Relay> {
  const sockets = new Set<Socket>();
  const ways = new Set<() => void>();
  let accepted = 0;
  let lost = 0;
  let delayMs = 0;
  const pass = (from: Socket) => {
    accepted += 1;
    const to = connect(target, '127.0.0.1');
    let isDead = false;
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        if (!isDead) for (const other of [from, to]) other.destroy();
      });
    }
    const send = (socket: Socket, bytes: string | Buffer) => {
      if (delayMs === 0) socket.write(bytes);
      else setTimeout(() => socket.write(bytes), delayMs);
    };
    from.on('data', (bytes) => {
      if (isDead) lost += bytes.length;
      else send(to, bytes);
    });
    to.on('data', (bytes) => {
      if (!isDead) send(from, bytes);
    });
    ways.add(() => {
      isDead = true;
    });
  };
  const server: Server = tls === undefined ? createServer(pass) : createTlsServer(tls, pass);
  server.on('tlsClientError', () => undefined);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    get lost() {
      return lost;
    },
    get delayMs() {
      return delayMs;
    },
    set delayMs(ms) {
      delayMs = ms;
    },
    die() {
      for (const die of ways) die();
      ways.clear();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}
