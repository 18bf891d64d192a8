import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { HealthService } from '../../src/gen/grpc/health/v1/health.ts';
import { ServerReflectionService } from '../../src/gen/grpc/reflection/v1/reflection.ts';
import { ServerReflectionService as ServerReflectionServiceV1Alpha } from '../../src/gen/grpc/reflection/v1alpha/reflection.ts';
import { IAIBatchProviderService } from '../../src/gen/tamma/provider/v1/batch_provider.ts';
import { IAIProviderService } from '../../src/gen/tamma/provider/v1/provider.ts';
import { IAIUsageProviderService } from '../../src/gen/tamma/provider/v1/usage_provider.ts';
import { digestOf } from '../../src/server/callers/token-list.ts';
import { create, item } from '../batch/running-batches.ts';
import {
  type CallSettings,
  codeName,
  collect,
  failureOf,
  nextMessage,
  statusDetail,
  type WireMessage,
} from '../support/grpc-client.ts';
import { AUDIENCE, anIssuer, ISSUER, type Issuer } from '../support/issuer.ts';
import { grpcStatus, RawGrpc } from '../support/raw-grpc.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { filesIn, tempFolder } from '../support/temp-folder.ts';

const TOKEN = 'the-token-of-the-web-shop';
const OLD_TOKEN = 'the-token-of-the-last-year';
const UNAUTHENTICATED = 16;

const directory = tempFolder();
const file = filesIn(directory);

/** All rights, by token. */
const ALL = 'rights: [messages, batches, usage, admin, reflection]';
const tokens = file(
  'tokens',
  `# of the shop\nsha256:${digestOf(TOKEN).toString('hex')}\n${OLD_TOKEN} 2026-01-01T00:00:00Z\n`,
);

let issuer: Issuer;
let stranger: Issuer;
let running: RunningApp | undefined;
let raw: RawGrpc | undefined;

beforeAll(async () => {
  [issuer, stranger] = await Promise.all([anIssuer(), anIssuer()]);
  file('jwks', issuer.jwks);
});
afterEach(async () => {
  await raw?.close();
  await running?.stop();
  running = raw = undefined;
});

const JWT = `callerJwt: {issuer: "${ISSUER}", audience: ${AUDIENCE}, jwksFile: ${join(directory, 'jwks')}}`;

const bearer = (token: string): CallSettings => ({
  metadata: { authorization: `Bearer ${token}` },
});

async function start(yaml: string): Promise<RunningApp> {
  running = await startApp(`defaultModel: gpt-4o-mini\n${yaml}`);
  return running;
}

const paths = (...services: readonly Readonly<Record<string, { readonly path: string }>>[]) =>
  services.flatMap((service) => Object.values(service).map(({ path }) => path));

const EVERY_RPC = paths(
  IAIProviderService,
  IAIUsageProviderService,
  IAIBatchProviderService,
  ServerReflectionService,
  ServerReflectionServiceV1Alpha,
);

/** Says whether each RPC was let in, with an empty request. Dispose comes last, and ends the server. */
async function letIn(yaml: string, authorization?: string): Promise<readonly boolean[]> {
  const { addresses } = await start(yaml);
  raw = new RawGrpc(addresses[0] ?? '');
  const inOrder = [...EVERY_RPC].sort(
    (a, b) => Number(a.endsWith('Dispose')) - Number(b.endsWith('Dispose')),
  );
  const answers: boolean[] = [];
  for (const path of inOrder) {
    const stream = raw.call(
      path,
      Buffer.alloc(0),
      authorization === undefined ? {} : { authorization },
    );
    // What is watched does not end by itself.
    const code = path.endsWith('WatchStatus') ? firstNews(stream) : grpcStatus(stream);
    answers.push((await code) !== UNAUTHENTICATED);
  }
  return answers;
}

async function firstNews(stream: ReturnType<RawGrpc['call']>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  stream.on('response', (headers) => resolve(Number(headers['grpc-status'] ?? 0)));
  const code = await promise;
  stream.close();
  return code;
}

const BY_TOKEN = `callers: [{name: shop, tokenFile: ${tokens}, ${ALL}}]`;
const BY_JWT = `callers: [{name: shop, subject: "system:serviceaccount:shop:*", ${ALL}}]\n${JWT}`;

const past = () => Math.floor(Date.now() / 1000) - 60;

describe('with callers, every RPC', () => {
  it.each<[string, string, () => string | undefined | Promise<string>, boolean]>([
    ['the right token', BY_TOKEN, () => `Bearer ${TOKEN}`, true],
    ['the right token in another case of the scheme', BY_TOKEN, () => `bearer ${TOKEN}`, true],
    ['a wrong token', BY_TOKEN, () => `Bearer ${TOKEN}x`, false],
    ['an expired token', BY_TOKEN, () => `Bearer ${OLD_TOKEN}`, false],
    ['no token', BY_TOKEN, () => undefined, false],
    [
      'the digest of the token',
      BY_TOKEN,
      () => `Bearer sha256:${digestOf(TOKEN).toString('hex')}`,
      false,
    ],
    ['another scheme', BY_TOKEN, () => `Basic ${TOKEN}`, false],
    ['an empty authorization', BY_TOKEN, () => '', false],
    ['a JWT where none is taken', BY_TOKEN, async () => `Bearer ${await issuer.sign()}`, false],
    ['the right JWT', BY_JWT, async () => `Bearer ${await issuer.sign()}`, true],
    [
      'a JWT with several audiences',
      BY_JWT,
      async () => `Bearer ${await issuer.sign({ aud: ['a', AUDIENCE] })}`,
      true,
    ],
    ['an expired JWT', BY_JWT, async () => `Bearer ${await issuer.sign({ exp: past() })}`, false],
    [
      'a JWT that begins later',
      BY_JWT,
      async () => `Bearer ${await issuer.sign({ nbf: past() + 600 })}`,
      false,
    ],
    [
      'a JWT without an end',
      BY_JWT,
      async () => `Bearer ${await issuer.sign({ exp: undefined })}`,
      false,
    ],
    [
      'a JWT for somebody else',
      BY_JWT,
      async () => `Bearer ${await issuer.sign({ aud: 'other' })}`,
      false,
    ],
    [
      'a JWT without audience',
      BY_JWT,
      async () => `Bearer ${await issuer.sign({ aud: undefined })}`,
      false,
    ],
    [
      'a JWT of another issuer',
      BY_JWT,
      async () => `Bearer ${await issuer.sign({ iss: 'https://o' })}`,
      false,
    ],
    [
      'a JWT without subject',
      BY_JWT,
      async () => `Bearer ${await issuer.sign({ sub: undefined })}`,
      false,
    ],
    [
      'a JWT of another namespace',
      BY_JWT,
      async () => `Bearer ${await issuer.sign({ sub: 'system:serviceaccount:shop:a:b' })}`,
      false,
    ],
    [
      'a JWT with a key of that name, not ours',
      BY_JWT,
      async () => `Bearer ${await stranger.sign()}`,
      false,
    ],
    [
      'a JWT with an unknown key',
      BY_JWT,
      async () => `Bearer ${await issuer.sign({}, { kid: 'key-2' })}`,
      false,
    ],
    ['a JWT without signature', BY_JWT, async () => `Bearer ${await unsigned()}`, false],
    [
      'a JWT signed with the public key as a secret',
      BY_JWT,
      async () => `Bearer ${await confused()}`,
      false,
    ],
    ['three words with points', BY_JWT, () => 'Bearer one.two.three', false],
    ['no JWT', BY_JWT, () => undefined, false],
  ])('%s', async (_, yaml, authorization, isIn) => {
    const answers = await letIn(yaml, await authorization());
    expect(answers).toEqual(EVERY_RPC.map(() => isIn));
  });
});

/** `alg: none`. */
async function unsigned(): Promise<string> {
  const [, payload] = (await issuer.sign()).split('.');
  return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
}

/** HS256 with what everybody can read as its secret. */
async function confused(): Promise<string> {
  const { createHmac } = await import('node:crypto');
  const [, payload] = (await issuer.sign()).split('.');
  const head = Buffer.from('{"alg":"HS256","kid":"key-1"}').toString('base64url');
  const mac = createHmac('sha256', issuer.jwks).update(`${head}.${payload}`).digest('base64url');
  return `${head}.${payload}.${mac}`;
}

describe('a caller', () => {
  it('that is refused is told why, with the reason that says so', async () => {
    const { client, log } = await start(BY_TOKEN);
    const absent = await failureOf(client.provider.unary('GetStatus'));
    expect([codeName(absent), absent.details]).toEqual([
      'UNAUTHENTICATED',
      'The call carries no token.',
    ]);
    expect(statusDetail(absent, 'google.rpc.ErrorInfo').reason).toBe('CALLER_UNAUTHENTICATED');
    const expired = await failureOf(client.provider.unary('GetStatus', {}, bearer(OLD_TOKEN)));
    expect(expired.details).toBe('The token has expired.');
    const { status } = await collect(
      client.provider.stream('SendMessage', aRequest(), bearer('x')),
    );
    expect([codeName(status), status.details]).toEqual([
      'UNAUTHENTICATED',
      'The token is not known.',
    ]);
    await expect(log.ofCall('SendMessage')).resolves.toMatchObject({
      reason: 'CALLER_UNAUTHENTICATED',
      code: 'UNAUTHENTICATED',
      refusal: 'The token is not known.',
    });
  });

  it('counts by the first of several authorizations', async () => {
    const { addresses } = await start(BY_TOKEN);
    raw = new RawGrpc(addresses[0] ?? '');
    const [right, wrong] = [`Bearer ${TOKEN}`, 'Bearer wrong'];
    const statusOf = (authorization: string[]) =>
      grpcStatus(
        (raw as RawGrpc).call(IAIProviderService.getModels.path, Buffer.alloc(0), {
          authorization,
        }),
      );
    expect(await statusOf([right, wrong])).toBe(0);
    expect(await statusOf([wrong, right])).toBe(UNAUTHENTICATED);
  });

  it('needs its token over a socket file, too', async () => {
    const socket = `unix:${join(directory, 'provider.sock')}`;
    running = await startApp(BY_TOKEN, { TAMMA_LISTEN: socket });
    const { client, addresses } = running;
    expect(addresses).toEqual([socket]);
    expect(codeName(await failureOf(client.provider.unary('GetModels')))).toBe('UNAUTHENTICATED');
    await client.provider.unary('GetModels', {}, bearer(TOKEN));
  });

  it('is told less than the log of what is wrong with its JWT', async () => {
    const { client, log } = await start(BY_JWT);
    const token = await issuer.sign({ iss: `${ISSUER}/` });
    const error = await failureOf(client.provider.unary('GetModels', {}, bearer(token)));
    expect(error.details).toBe('The token is not valid: its signature, issuer, audience or time.');
    expect((await log.ofCall('GetModels')).refusal).toBe('unexpected "iss" claim value');
  });

  it('that is refused in the middle of a large request is told so, and others go on', async () => {
    const { client } = await start(`${BY_TOKEN}\nlimits: {maxMessageSize: 32MiB}`);
    const large = aRequest({ messages: [{ role: 'ROLE_USER', content: 'x'.repeat(2 ** 24) }] });
    const error = await failureOf(client.provider.unary('SendMessageSync', large, bearer('wrong')));
    expect(codeName(error)).toBe('UNAUTHENTICATED');
    await client.provider.unary('SendMessageSync', aRequest(), bearer(TOKEN));
  });

  it('needs no token to ask whether the process is healthy', async () => {
    const { client, addresses } = await start(BY_TOKEN);
    expect(await client.health.unary('Check', {})).toEqual({ status: 'SERVING' });
    raw = new RawGrpc(addresses[0] ?? '');
    expect(await grpcStatus(raw.call(HealthService.list.path, Buffer.alloc(0)))).toBe(0);
    expect(await grpcStatus(raw.call('/grpc.health.v1.Health/None', Buffer.alloc(0)))).toBe(12);
    expect(await grpcStatus(raw.call('/none', Buffer.alloc(0)))).toBe(UNAUTHENTICATED);
  });

  it.each([
    ['SendMessageSync', 'usage', 'messages'],
    ['CountTokens', 'usage', 'messages'],
    ['Dispose', 'messages', 'admin'],
    ['InvalidateCache', 'messages', 'admin'],
    ['ReloadConfig', 'messages', 'admin'],
    ['GetUsage', 'admin', 'usage'],
    ['GetBudgets', 'messages', 'usage'],
  ])('may not call %s with the right to %s', async (method, right, needed) => {
    const { client, log } = await start(
      `callers: [{name: shop, tokenFile: ${tokens}, rights: [${right}]}]`,
    );
    const service = method.startsWith('GetU') || method.startsWith('GetB') ? 'usage' : 'provider';
    const error = await failureOf(client[service].unary(method, {}, bearer(TOKEN)));
    expect(codeName(error)).toBe('PERMISSION_DENIED');
    expect(error.details).toBe(`The caller shop has not the right to ${needed}.`);
    expect(statusDetail(error, 'google.rpc.ErrorInfo').reason).toBe('PERMISSION_DENIED');
    await log.find((line) => line.reason === 'PERMISSION_DENIED' && line.caller === 'shop');
  });

  it('may do without any right what tells of the provider alone', async () => {
    const { client, log } = await start(
      `callers: [{name: shop, tokenFile: ${tokens}, rights: []}]`,
    );
    for (const method of ['Initialize', 'GetCapabilities', 'GetModels', 'GetStatus']) {
      await client.provider.unary(method, {}, bearer(TOKEN));
    }
    await nextMessage(client.provider.stream('WatchStatus', {}, bearer(TOKEN)));
    expect(await log.ofCall('GetStatus')).toMatchObject({ caller: 'shop', code: 'OK' });
  });
});

describe('a bound caller', () => {
  const other = file('other', 'another-token-for-another-caller');
  const BOUND = `callers:
  - {name: shop, tokenFile: ${tokens}, projectId: p-1, userId: u-1, rights: [messages, usage, admin]}
  - {name: all, tokenFile: ${other}, rights: [messages, usage, admin]}
budgets: [{name: everybody, limit: 10}, {name: projects, limit: 5, scope: project}]
cache: {enabled: true}`;
  const mine = bearer(TOKEN);
  const theirs = bearer('another-token-for-another-caller');
  const about = (metadata: object) => aRequest({ metadata, temperature: 0 });

  it.each([
    [{ user_id: 'u-2' }, 'request.metadata.user_id'],
    [{ userId: 'u-2' }, 'request.metadata.userId'],
    [{ project_id: 'p-2' }, 'request.metadata.project_id'],
    [{ project_id: 'p-1', projectId: 'p-2' }, 'request.metadata.projectId'],
    [{ project_id: '', projectId: 'P-1' }, 'request.metadata.projectId'],
  ])('may not name %j', async (metadata, field) => {
    const { client, stub } = await start(BOUND);
    const request = about(metadata);
    const { status } = await collect(client.provider.stream('SendMessage', request, mine));
    const errors = [
      status,
      await failureOf(client.provider.unary('SendMessageSync', request, mine)),
      await failureOf(client.provider.unary('CountTokens', request, mine)),
    ];
    for (const error of errors) {
      expect(codeName(error)).toBe('PERMISSION_DENIED');
      expect(error.details).toBe(`The caller shop may not act for what ${field} names.`);
    }
    expect(stub.requests).toHaveLength(0);
  });

  it('spends for its own user and project, whether it names them or not', async () => {
    const { client } = await start(BOUND);
    await client.provider.unary('SendMessageSync', aRequest(), mine);
    await client.provider.unary(
      'SendMessageSync',
      about({ user_id: 'u-1', project_id: 'p-1' }),
      mine,
    );
    await client.provider.unary('SendMessageSync', about({ project_id: 'p-2' }), theirs);
    const groupBy = ['USAGE_DIMENSION_PROJECT', 'USAGE_DIMENSION_USER'];
    const own = await client.usage.unary('GetUsage', { groupBy }, mine);
    expect(own.rows).toMatchObject([{ projectId: 'p-1', userId: 'u-1', attempts: 2 }]);
    const all = await client.usage.unary('GetUsage', { groupBy }, theirs);
    expect(all.rows).toHaveLength(2);
    const { budgets } = await client.usage.unary('GetBudgets', {}, mine);
    expect(budgets).toMatchObject([{ name: 'projects', subject: 'p-1' }]);
    expect((await client.usage.unary('GetBudgets', {}, theirs)).budgets).toHaveLength(3);
  });

  it.each(['GetUsage', 'GetBudgets'])('may not ask %s for others', async (method) => {
    const { client } = await start(BOUND);
    for (const [request, field] of [
      [{ projectId: 'p-2' }, 'project_id'],
      [{ userId: 'u-2' }, 'user_id'],
    ] as const) {
      const error = await failureOf(client.usage.unary(method, request, mine));
      expect(codeName(error)).toBe('PERMISSION_DENIED');
      expect(error.details).toContain(field);
    }
  });

  it('gets no answer that was made for another caller, from the cache or for an idempotency key', async () => {
    const { client, stub } = await start(BOUND);
    const request = (fields: object) => ({
      ...about({ project_id: 'p-1' }),
      request: { ...about({ project_id: 'p-1' }).request, ...fields },
    });
    const ask = (fields: object, settings: CallSettings) =>
      client.provider.unary('SendMessageSync', request(fields), settings);
    await ask({}, theirs);
    await ask({}, mine);
    expect(stub.requests).toHaveLength(2);
    await ask({}, mine);
    expect(stub.requests).toHaveLength(2);
    const once = { idempotencyKey: 'order-42', seed: 7 };
    await ask(once, theirs);
    await ask(once, mine);
    expect(stub.requests).toHaveLength(4);
  });

  it('takes out of the cache what is of its own project', async () => {
    const { client } = await start(BOUND);
    await client.provider.unary('SendMessageSync', about({}), mine);
    const { response } = await client.provider.unary(
      'SendMessageSync',
      about({ project_id: 'p-2' }),
      theirs,
    );
    const { cacheKey: key } = response as { readonly cacheKey: string };
    const entries = async (what: WireMessage) =>
      (await client.provider.unary('InvalidateCache', what, mine)).entries;
    expect(key).not.toBe('');
    expect(await entries({ key })).toBe(0);
    const error = await failureOf(
      client.provider.unary('InvalidateCache', { projectId: 'p-2' }, mine),
    );
    expect(codeName(error)).toBe('PERMISSION_DENIED');
    expect(await entries({ model: 'gpt-4o-mini' })).toBe(1);
    expect(await entries({ all: true })).toBe(0);
    expect(await client.provider.unary('InvalidateCache', { all: true }, theirs)).toEqual({
      entries: 1,
    });
  });

  it('sees nothing of what the others keep in the status, asked or watched', async () => {
    const { client } = await start(BOUND);
    const { status } = await client.provider.unary('GetStatus', {}, mine);
    expect(status).toMatchObject({ state: 'STATE_SERVING', cache: null });
    expect((await client.provider.unary('GetStatus', {}, theirs)).status).toMatchObject({
      cache: { entries: 0 },
    });
    const watched = await nextMessage(client.provider.stream('WatchStatus', {}, mine));
    expect(watched.status).toMatchObject({ state: 'STATE_SERVING', cache: null });
  });
});

it('a caller without the right to usage sees nothing of what is spent in the status, asked or watched', async () => {
  const { client } = await start(`callers:
  - {name: shop, tokenFile: ${tokens}, rights: [messages]}
budgets: [{name: everybody, limit: 10}, {name: projects, limit: 5, scope: project}]`);
  const settings = bearer(TOKEN);
  const request = aRequest({ metadata: { project_id: 'p-1' } });
  await client.provider.unary('SendMessageSync', request, settings);
  const { status } = await client.provider.unary('GetStatus', {}, settings);
  const watched = await nextMessage(client.provider.stream('WatchStatus', {}, settings));
  for (const seen of [status, watched.status]) {
    expect(seen).toMatchObject({ state: 'STATE_SERVING', budgets: [] });
  }
});

describe('limits of a caller', () => {
  it('refuse more calls at once, and a minute, than it may make', async () => {
    const { client } = await start(
      `callers: [{name: shop, tokenFile: ${tokens}, limits: {requestsPerMinute: 2}}]`,
    );
    const ask = () => client.provider.unary('SendMessageSync', aRequest(), bearer(TOKEN));
    await ask();
    await ask();
    const error = await failureOf(ask());
    expect(codeName(error)).toBe('RESOURCE_EXHAUSTED');
    expect(error.details).toBe('The caller shop may make 2 calls a minute, and does.');
    expect(statusDetail(error, 'google.rpc.ErrorInfo').reason).toBe('RATE_LIMIT_EXCEEDED');
    // What tells of the provider alone is not counted.
    await client.provider.unary('GetStatus', {}, bearer(TOKEN));
  });

  it('hold a budget for its project', async () => {
    const { client } = await start(
      `callers: [{name: shop, tokenFile: ${tokens}, projectId: p-1, rights: [messages, usage], limits: {budget: {limit: "0.000000000001"}}}]`,
    );
    const error = await failureOf(
      client.provider.unary('SendMessageSync', aRequest(), bearer(TOKEN)),
    );
    expect(statusDetail(error, 'google.rpc.ErrorInfo').reason).toBe('BUDGET_EXCEEDED');
    expect(error.details).toContain('callers.shop');
  });
});

describe('reflection', () => {
  it('can be off', async () => {
    const { addresses } = await start('reflection: false');
    raw = new RawGrpc(addresses[0] ?? '');
    for (const path of paths(ServerReflectionService, ServerReflectionServiceV1Alpha)) {
      expect(await grpcStatus(raw.call(path, Buffer.alloc(0)))).toBe(12);
    }
  });
});

describe('batches of callers', () => {
  const other = file('batch-other', 'another-token-for-batches');
  const theirs = bearer('another-token-for-batches');
  const mine = bearer(TOKEN);

  it('are their own, and are made for their own user and project', async () => {
    const { client } = await start(`dataDir: ${join(directory, 'data')}
batch: {pollInterval: 10ms}
callers:
  - {name: shop, tokenFile: ${tokens}, projectId: p-1, userId: u-1, rights: [batches, usage]}
  - {name: other, tokenFile: ${other}, rights: [batches]}`);
    const make = (fields: object) =>
      create(
        client,
        { execution: 'BATCH_EXECUTION_LOCAL', idempotencyKey: 'once' },
        [item('one', fields)],
        mine.metadata,
      );
    for (const metadata of [{ project_id: 'p-2' }, { userId: 'u-2' }]) {
      const error = await failureOf(make({ metadata }));
      expect(codeName(error)).toBe('PERMISSION_DENIED');
    }
    // An empty name would be taken for none.
    const batch = await make({ metadata: { project_id: '' } });
    const request = { batchId: batch.id };
    for (const method of ['GetBatch', 'CancelBatch']) {
      const error = await failureOf(client.batch.unary(method, request, theirs));
      expect(codeName(error)).toBe('NOT_FOUND');
    }
    expect((await client.batch.unary('ListBatches', {}, theirs)).batches).toEqual([]);
    expect((await client.batch.unary('ListBatches', {}, mine)).batches).toHaveLength(1);
    await collect(client.batch.stream('StreamBatchResults', { ...request, wait: true }, mine));
    const groupBy = ['USAGE_DIMENSION_PROJECT', 'USAGE_DIMENSION_USER'];
    expect((await client.usage.unary('GetUsage', { groupBy }, mine)).rows).toMatchObject([
      { projectId: 'p-1', userId: 'u-1', attempts: 1 },
    ]);
  });

  it('get no answer that was made for another caller, whatever project they name', async () => {
    const { client, stub } = await start(`dataDir: ${join(directory, 'answers')}
batch: {pollInterval: 10ms}
cache: {enabled: true}
callers:
  - {name: shop, tokenFile: ${tokens}, projectId: p-1, rights: [messages, batches]}
  - {name: other, tokenFile: ${other}, rights: [batches]}`);
    const fields = { temperature: 0, idempotencyKey: 'once' };
    const asked = { messages: [{ role: 'ROLE_USER', content: 'Question one' }], maxTokens: 100 };
    const request = { request: { ...asked, ...fields } };
    await client.provider.unary('SendMessageSync', request, mine);
    const work = async (project: string, settings: CallSettings) => {
      const named = { ...fields, metadata: { project_id: project } };
      const options = { execution: 'BATCH_EXECUTION_LOCAL' };
      const { id } = await create(client, options, [item('one', named)], settings.metadata);
      const results = { batchId: id, wait: true };
      await collect(client.batch.stream('StreamBatchResults', results, settings));
      return stub.requests.length;
    };
    expect(await work('p-1', mine)).toBe(1);
    expect(await work('p-1', theirs)).toBe(2);
    // As the project of the shop is told apart from that of others.
    expect(await work('shop p-1', theirs)).toBe(3);
  });
});
