import { describe, expect, it } from '@jest/globals';
import type { Completed, Started } from '../../../src/core/events.ts';
import { hideSecret } from '../../../src/telemetry/secrets.ts';
import { aCall } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { httpError } from '../../support/upstream/index.ts';
import { chunk, openUpstream, readAll, sse, until } from '../open-upstream.ts';

const KEY = 'the-key-of-this-upstream';
const { signal } = new AbortController();

describe('the words of an upstream', () => {
  const refusal = httpError(400, { message: 'The image is too small.', code: 'invalid_image' });

  it('are in the facts', async () => {
    const { upstream } = await openUpstream(refusal);
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error?.facts.upstreamMessage).toBe('The image is too small.');
    expect(error?.message).not.toContain('image');
  });

  it('may stand behind a byte order mark', async () => {
    const error = { message: 'The image is too small.', code: 'invalid_image' };
    const { upstream } = await openUpstream((exchange) => {
      exchange.headers(400);
      exchange.raw(`\ufeff${JSON.stringify({ error })}`);
      exchange.end();
    });
    const read = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(read.error?.facts.upstreamMessage).toBe('The image is too small.');
    expect(read.error?.facts.upstreamCode).toBe('invalid_image');
  });

  it('are not, if they are off', async () => {
    const { upstream } = await openUpstream(refusal, { upstreamMessages: false });
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error?.facts).not.toHaveProperty('upstreamMessage');
    expect(error?.facts.upstreamError).toMatchObject({ code: 'invalid_image' });
  });
});

it('what an answer names itself is a name', async () => {
  hideSecret(KEY);
  const hostile = { model: `gpt ${KEY}`, id: KEY, service_tier: 'x y', system_fingerprint: KEY };
  const { upstream } = await openUpstream(
    sse(
      { ...chunk({ content: 'Hi' }), ...hostile },
      { ...chunk({}, 'stop'), ...hostile },
      '[DONE]',
    ),
  );
  const { events } = await readAll((emit) => upstream.answer(aCall(), emit));
  const [started] = events as [Started];
  expect(started).toMatchObject({ model: 'gpt-test', responseId: '' });
  expect(events.at(-1) as Completed).toMatchObject({
    model: 'gpt-test',
    serviceTier: '',
    systemFingerprint: '',
  });
});

it('a wait for the end of an error is given up with the call', async () => {
  const clock = new FakeClock();
  const ended = new AbortController();
  const { upstream } = await openUpstream((exchange) => exchange.headers(500), { clock });
  const reading = readAll((emit) => upstream.answer(aCall({ signal: ended.signal }), emit));
  await until(() => clock.pending === 1);
  const reason = new Error('over');
  ended.abort(reason);
  await expect(reading).rejects.toBe(reason);
  expect(clock.pending).toBe(0);
});

describe('a list of models that is elsewhere', () => {
  it('is followed on the same origin', async () => {
    const { stub, upstream } = await openUpstream(() => {});
    let asked = 0;
    stub.setModelsBehaviour((exchange) => {
      asked += 1;
      if (asked === 1) exchange.headers(307, { location: '/v1/models' });
      else exchange.headers(200, { 'content-type': 'application/json' });
      if (asked > 1) exchange.raw('{"data":[{"id":"gpt-a"}]}');
      exchange.end();
    });
    expect(await upstream.listModels(signal)).toEqual([{ id: 'gpt-a', shutdownDate: '' }]);
    expect(stub.otherRequests.map(({ path }) => path)).toEqual(['/v1/models', '/v1/models']);
  });

  it('is not followed to another origin, nor in a circle', async () => {
    const { stub, upstream } = await openUpstream(() => {});
    const to = (location: string) => {
      stub.setModelsBehaviour((exchange) => {
        exchange.headers(302, { location });
        exchange.end();
      });
      return expect(upstream.listModels(signal)).rejects.toMatchObject({
        reason: 'PROVIDER_ERROR',
        message: expect.stringContaining('redirects'),
      });
    };
    await to('http://127.0.0.1:1/v1/models');
    expect(stub.otherRequests).toHaveLength(1);
    await to('/v1/models');
    expect(stub.otherRequests).toHaveLength(7);
  });
});
