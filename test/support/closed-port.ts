import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { randomPort } from './ports.ts';

const HOST = '127.0.0.1';

/** A port on which nobody listens, and that nobody else can come to listen on. */
export interface ClosedPort {
  readonly port: number;
  /** From here on it can be listened on. */
  release(): Promise<void>;
}

/** The port is the own end of a connection, which the system gives to nobody else. */
export async function holdClosedPort(): Promise<ClosedPort> {
  const listener = createServer().listen(0, HOST);
  await once(listener, 'listening');
  const accepted = once(listener, 'connection');
  const held = await connectFromRandomPort((listener.address() as AddressInfo).port);
  const [other] = await accepted;
  other.on('error', () => {});
  return {
    port: held.localPort ?? 0,
    async release() {
      // A reset, behind which no end of the connection lingers.
      held.resetAndDestroy();
      await once(held, 'close');
      await once(listener.close(), 'close');
    },
  };
}

/** Nobody is given its own port by chance once it is released, so that whoever it was held for can have it. */
async function connectFromRandomPort(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect({ port, host: HOST, localPort: randomPort() });
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}
