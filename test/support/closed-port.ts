import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

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
  const held = connect((listener.address() as AddressInfo).port, HOST);
  await once(held, 'connect');
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
