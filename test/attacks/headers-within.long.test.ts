import { expect, it } from '@jest/globals';
import { connect, type GrpcClient } from '../support/grpc-client.ts';
import { callHeaders, data, frame, openConnection } from './frames.ts';
import { startSidecar } from './sidecar.ts';
import { prefix } from './wire.ts';

const COUNT_TOKENS = '/tamma.provider.v1.IAIProvider/CountTokens';
const HEADERS = 1;
const END_HEADERS = 4;
const CALLS = 200_000;
const AT_ONCE = 100;

/** Headers again before the message is whole, and data behind them. */
function call(stream: number): Buffer {
  return Buffer.concat([
    callHeaders(stream, COUNT_TOKENS),
    data(stream, prefix(0, 100)),
    frame(HEADERS, END_HEADERS, stream, Buffer.from([0x00, 1, 0x78, 1, 0x78])),
    data(stream, Buffer.alloc(100), true),
  ]);
}

/** What others ask meanwhile makes garbage, which is then collected. */
async function askUntil(client: GrpcClient, isOver: () => boolean): Promise<void> {
  const request = { request: { messages: [{ role: 'ROLE_USER', content: 'How long is this?' }] } };
  while (!isOver()) await client.provider.unary('CountTokens', request);
}

// Node.js ended the process when the garbage of such a connection was collected in the wrong order.
it('headers again in the middle of messages end no process', async () => {
  const sidecar = await startSidecar();
  const client = connect(sidecar.address, { 'grpc.use_local_subchannel_pool': 1 });
  try {
    let isOver = false;
    const others = askUntil(client, () => isOver);
    for (let said = 0; said < CALLS && sidecar.alive; ) {
      const socket = openConnection(sidecar.address);
      for (let first = 0; !socket.destroyed && said < CALLS; first += AT_ONCE, said += AT_ONCE) {
        const calls = Array.from({ length: AT_ONCE }, (_, at) => call(2 * (first + at) + 1));
        await new Promise<void>((resolve) => socket.write(Buffer.concat(calls), () => resolve()));
      }
      socket.destroy();
    }
    isOver = true;
    await others;
    expect(sidecar.alive).toBe(true);
  } finally {
    client.close();
    await sidecar.stop();
  }
});
