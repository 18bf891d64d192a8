import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { create, item } from '../batch/running-batches.ts';
import { collect, failureOf, statusDetails } from '../support/grpc-client.ts';
import { AUDIENCE, anIssuer, ISSUER } from '../support/issuer.ts';
import { API_KEY, aRequest, startApp } from '../support/running-app.ts';
import { filesIn, tempFolder } from '../support/temp-folder.ts';
import { httpError } from '../support/upstream/index.ts';

const directory = tempFolder();

/** Tokens, right and wrong, and what the admin port is asked with. */
const RIGHT = 'planted-right-0123456789abcdef';
const WRONG = 'planted-wrong-0123456789abcdef';
const ADMIN = 'planted-admin-0123456789abcdef';

const write = filesIn(directory);

it('in calls, right and wrong, are in no output', async () => {
  const issuer = await anIssuer();
  const [jwt, expired] = [await issuer.sign(), await issuer.sign({ exp: 1 })];
  const dataDir = join(directory, 'data');
  const app = await startApp(`
defaultModel: gpt-4o-mini
logLevel: trace
dataDir: ${dataDir}
batch: {pollInterval: 10ms}
cache: {enabled: true}
retryPolicy: {maxAttempts: 1}
admin: {tokenFile: ${write('admin', ADMIN)}}
callers:
  - {name: shop, tokenFile: ${write('tokens', RIGHT)}, rights: [messages, batches, usage, admin]}
  - {name: pod, subject: "system:serviceaccount:shop:*"}
callerJwt: {issuer: "${ISSUER}", audience: ${AUDIENCE}, jwksFile: ${write('jwks', issuer.jwks)}}`);
  const { client, stub, log } = app;
  const bearer = (token: string) => ({ metadata: { authorization: `Bearer ${token}` } });
  const outputs: string[] = [];

  for (const token of [RIGHT, jwt]) {
    const { messages } = await collect(
      client.provider.stream('SendMessage', aRequest(), bearer(token)),
    );
    outputs.push(JSON.stringify(messages));
  }
  // An upstream that says again what it was told.
  stub.enqueue(httpError(400, { message: `Your key is ${API_KEY}`, code: 'bad' }));
  const errors = [
    await failureOf(client.provider.unary('SendMessageSync', aRequest(), bearer(RIGHT))),
  ];
  for (const token of [WRONG, expired, `${jwt}x`, `${RIGHT} ${RIGHT}`]) {
    errors.push(await failureOf(client.provider.unary('GetModels', {}, bearer(token))));
  }
  outputs.push(
    ...errors.map((error) => `${error.details} ${JSON.stringify(statusDetails(error))}`),
  );

  const batch = await create(
    client,
    { execution: 'BATCH_EXECUTION_LOCAL' },
    [item('one')],
    bearer(RIGHT).metadata,
  );
  const request = { batchId: batch.id, wait: true };
  const { status } = await collect(
    client.batch.stream('StreamBatchResults', request, bearer(RIGHT)),
  );
  expect(status.code).toBe(0);
  for (const path of ['/metrics', '/', '/status.json']) {
    const headers = { authorization: `Bearer ${ADMIN}` };
    const page = await fetch(`http://${app.app.adminAddress}${path}`, { headers });
    outputs.push(await page.text());
    await fetch(`http://${app.app.adminAddress}${path}`, {
      headers: { authorization: `Bearer ${WRONG}` },
    });
  }
  await app.stop();

  outputs.push(JSON.stringify(log.lines));
  for (const name of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
    if (name.isFile()) outputs.push(readFileSync(join(name.parentPath, name.name), 'latin1'));
  }
  for (const request of stub.requests) outputs.push(JSON.stringify(request.body));
  expect(outputs.length).toBeGreaterThan(12);
  for (const secret of [RIGHT, WRONG, ADMIN, jwt, expired, API_KEY]) {
    const where = outputs.filter((output) => output.includes(secret));
    expect(where.map((output) => output.slice(0, 300))).toEqual([]);
  }
});
