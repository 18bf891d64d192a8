import { once } from 'node:events';
import { constants } from 'node:http2';
import { expect, it } from '@jest/globals';
import { grpcStatus, RawGrpc } from '../support/raw-grpc.ts';
import { serverPerTest } from '../support/server-per-test.ts';

const WATCH = '/grpc.health.v1.Health/Watch';
const CHECK = '/grpc.health.v1.Health/Check';
const NOTHING = Buffer.alloc(0);
const MOST = 4;

const start = serverPerTest();

// Node.js counts a stream until the turn is over in which it was closed. Once it does so no more, docs/security.md has a line less.
it('a call in one breath with the cancel of another is refused where there are as many as may be, and begun when it comes again', async () => {
  const { addresses } = await start({ maxConcurrentStreams: MOST });
  const raw = new RawGrpc(addresses[0] ?? '');
  const watches = Array.from({ length: MOST }, () => raw.call(WATCH, NOTHING));
  for (const watch of watches) watch.on('error', () => {});
  await Promise.all(watches.map((watch) => once(watch, 'response')));
  watches[0]?.close(constants.NGHTTP2_CANCEL);
  const next = raw.call(CHECK, NOTHING);
  next.on('error', () => {});
  next.resume();
  await new Promise((resolve) => next.once('close', resolve));
  expect(next.rstCode).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(await grpcStatus(raw.call(CHECK, NOTHING))).toBe(0);
  await raw.close();
});
