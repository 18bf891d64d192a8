import { once } from 'node:events';
import { setTimeout as passed } from 'node:timers/promises';
import { expect, it, jest } from '@jest/globals';
import { JwtVerifier } from '../../src/server/callers/jwt.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { connect } from '../support/grpc-client.ts';
import { anIssuer } from '../support/issuer.ts';
import { grpcStatus, RawGrpc } from '../support/raw-grpc.ts';
import { serverPerTest } from '../support/server-per-test.ts';
import { filesIn, tempFolder } from '../support/temp-folder.ts';
import { frame, openConnection } from './frames.ts';

const COUNT_TOKENS = '/tamma.provider.v1.IAIProvider/CountTokens';
const HEADERS = 1;
const PING = 6;
const END_HEADERS = 4;

const start = serverPerTest();
const directory = tempFolder();

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

it('a connection whose calls wait to be let in stays, whatever they bring meanwhile', async () => {
  const { promise: verdict, resolve } = Promise.withResolvers<never>();
  const verifying = jest.spyOn(JwtVerifier.prototype, 'verify').mockReturnValue(verdict);
  const clock = new FakeClock();
  const jwksFile = filesIn(directory)('jwks', (await anIssuer()).jwks);
  const { addresses } = await start(
    {
      callers: {
        callers: [{ name: 'shop', subject: 'shop', rights: ['messages'], limits: {} }],
        jwt: { issuer: 'i', audience: 'a', algorithms: ['ES256'], jwksFile },
      },
    },
    { clock },
  );
  const caller = new RawGrpc(addresses[0] ?? '');
  const calls = Array.from({ length: 60 }, () =>
    caller.call(COUNT_TOKENS, Buffer.alloc(60_000), { authorization: 'Bearer a.b.c' }),
  );
  await Promise.all(calls.map((call) => once(call, 'finish')));
  while (verifying.mock.calls.length < calls.length) await passed(1);
  await passed(200);
  clock.advance(1_000);
  const ended = calls.map(grpcStatus);
  resolve({ subject: 'shop', expiresAt: Number.POSITIVE_INFINITY } as never);
  // The message is none.
  expect(new Set(await Promise.all(ended))).toEqual(new Set([3]));
  verifying.mockRestore();
  await caller.close();
});
