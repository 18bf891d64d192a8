import { connect as connectSocket } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { ADMIN_ATTACKS } from './admin.ts';
import { type Attack, LASTS_MS, over, PROVIDER, SEND_MESSAGE, whole } from './attack.ts';
import { CALL_ATTACKS } from './calls.ts';
import { CONDUCTS, type Conduct } from './conducts.ts';
import { CONTENT_ATTACKS } from './contents.ts';
import { HANDSHAKE_ATTACKS } from './handshakes.ts';
import { HTTP2_ATTACKS } from './http2.ts';
import { KNOWN_ATTACKS } from './known.ts';
import { PATIENCE_ATTACKS } from './patience.ts';
import { REQUEST_ATTACKS, saying } from './requests.ts';

const conducts = Object.keys(CONDUCTS).filter((name) => name !== 'silence') as Conduct[];

export const ATTACKS: readonly Attack[] = [
  ...REQUEST_ATTACKS,
  { name: '3,000 connections that say nothing', run: silent(3_000) },
  ...HANDSHAKE_ATTACKS,
  ...HTTP2_ATTACKS,
  ...KNOWN_ATTACKS,
  ...CALL_ATTACKS,
  ...CONTENT_ATTACKS,
  ...PATIENCE_ATTACKS,
  ...ADMIN_ATTACKS,
  ...conducts.map((upstream) => ({
    name: `upstream: ${upstream}, 20 calls`,
    upstream,
    run: readAll(20),
  })),
];

function silent(count: number): Attack['run'] {
  return async (address) => {
    const [host = '', port = ''] = address.split(':');
    const sockets = Array.from({ length: count }, () => {
      const socket = connectSocket(Number(port), host);
      socket.on('error', () => {});
      socket.resume();
      return socket;
    });
    await passed(LASTS_MS);
    for (const socket of sockets) socket.destroy();
  };
}

/** Calls that read all they get, and one that has the models listed. */
function readAll(count: number): Attack['run'] {
  return (address) =>
    over(address, async (raw) => {
      const streams = Array.from({ length: count }, () => raw.open(SEND_MESSAGE));
      for (const stream of streams) stream.end(saying('Say much.'));
      const initialize = raw.open(`${PROVIDER}/Initialize`);
      initialize.end(whole(Buffer.alloc(0)));
      for (const stream of [...streams, initialize]) {
        stream.on('error', () => {});
        stream.resume();
      }
      await passed(LASTS_MS);
    });
}
