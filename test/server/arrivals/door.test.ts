import { EventEmitter } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { describe, expect, it } from '@jest/globals';
import { Door } from '../../../src/server/arrivals/door.ts';
import { refusal } from '../../../src/server/callers/authenticator.ts';
import { RegisteredCaller } from '../../../src/server/callers/registered-caller.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { LogRecorder } from '../../support/running-server.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

const clock = new FakeClock();
const shop = new RegisteredCaller({ name: 'shop', rights: ['messages'], limits: {} }, clock);

const known = async () => shop;
const unknown = async () => {
  throw refusal('The token is not known.');
};

describe('whoever is still being told when those who tell callers are replaced', () => {
  it.each([
    ['is refused, though the last ones knew it', known, { authenticate: unknown }, 'refused'],
    ['comes in, though the last ones did not', unknown, { authenticate: known }, 'came in'],
    ['comes in where nobody is asked any more', unknown, undefined, 'came in'],
  ])('%s', async (_name, last, next, outcome) => {
    const log = new LogRecorder();
    const telemetry = new TelemetryProbe();
    const door = new Door({
      ...telemetry,
      clock,
      logger: createLogger({ level: 'info', destination: log }),
      newId: () => 'call-1',
      authenticator: { authenticate: last },
    });
    const seen = await new Promise((resolve) => {
      const stream = Object.assign(new EventEmitter(), {
        respond: () => resolve('refused'),
        close: () => {},
      });
      door.pass(
        stream as unknown as ServerHttp2Stream,
        { ':path': '/tamma.provider.v1.IAIProvider/SendMessage', authorization: 'Bearer token' },
        () => resolve('came in'),
      );
      door.setAuthenticator(next);
    });
    expect(seen).toBe(outcome);
  });
});
