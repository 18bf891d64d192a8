import { once } from 'node:events';
import { setTimeout as passed } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { FakeClock } from '../support/fake-clock.ts';
import { connect } from '../support/grpc-client.ts';
import { serverPerTest } from '../support/server-per-test.ts';
import { frame, openConnection } from './frames.ts';

const HEADERS = 1;
const PING = 6;
const END_HEADERS = 4;

const start = serverPerTest();

/** A header of 4 KB that goes into the table of HPACK, and is named again by a byte each time. */
function headersOfMegabytes(stream: number): Buffer {
  const value = Buffer.concat([Buffer.from([0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, 'v')]);
  const into = Buffer.concat([Buffer.from([0x40, 1]), Buffer.from('b'), value]);
  return frame(HEADERS, END_HEADERS, stream, Buffer.concat([into, Buffer.alloc(12_000, 0xbe)]));
}

it('a connection whose headers nobody reads is closed, and others are answered', async () => {
  const clock = new FakeClock();
  const { addresses, client } = await start({}, { clock });
  const [address = ''] = addresses;
  await client.provider.unary('GetStatus');
  const loud = openConnection(address);
  const closed = once(loud, 'close');
  const heaps = Array.from({ length: 80 }, (_, call) => headersOfMegabytes(2 * call + 1));
  // Answered when all before it has been read.
  loud.write(Buffer.concat([...heaps, frame(PING, 0, 0, Buffer.from('are read'))]));
  let answered = '';
  loud.on('data', (bytes: Buffer) => {
    answered += bytes.toString('latin1');
  });
  while (!answered.includes('are read')) await passed(5);
  clock.advance(1_000);
  await closed;
  await client.provider.unary('GetStatus');
  // One that comes now waits for its turn to be read.
  const other = connect(address, { 'grpc.use_local_subchannel_pool': 1 });
  let served = false;
  const call = other.provider.unary('GetStatus').finally(() => {
    served = true;
  });
  while (!served) {
    clock.advance(5);
    await passed(1);
  }
  expect(await call).toBeDefined();
  other.close();
});
