/**
 * `node --expose-gc test/server/call-outliving.ts`: what of calls V8 does not collect before it looks through all its memory.
 * Prints `[calls, of which that is left]`. In a process of its own, for what measures coverage keeps what it measures.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { BaseServerInterceptingCall } from '@grpc/grpc-js/build/src/server-interceptors.js';
import { aResponse } from '../support/fake-provider.ts';
import { startServer } from '../support/running-server.ts';

const REQUEST = { request: { messages: [{ role: 'ROLE_USER', content: 'a prompt' }] } };
const ROUNDS = 15;
const AT_ONCE = 6;

const server = await startServer();
const { client, provider } = server;
const inside: WeakRef<object>[] = [];
let asked = 0;
const { prototype } = BaseServerInterceptingCall;
const { start } = prototype;
prototype.start = function (listener) {
  inside.push(new WeakRef(this));
  start.call(this, listener);
};
provider.answerSync = async () => {
  asked += 1;
  // Some stay while others come and go.
  for (let turns = asked % AT_ONCE; turns > 0; turns -= 1) await turn();
  return aResponse();
};

async function ask(): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    await client.provider.unary('SendMessageSync', REQUEST);
    provider.calls.length = 0;
  }
}

async function settled(): Promise<void> {
  for (let count = 0; count < 20; count += 1) await turn();
}

await Promise.all(Array.from({ length: AT_ONCE }, ask));
// The first leaves what was in use a moment ago where the second looks again.
for (let time = 0; time < 2; time += 1) {
  await settled();
  globalThis.gc?.({ type: 'minor' });
}
await settled();
const left = inside.filter((one) => one.deref() !== undefined);
process.stdout.write(JSON.stringify([inside.length, left.length]));
await server.stop();
