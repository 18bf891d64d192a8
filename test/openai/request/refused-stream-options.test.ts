import { describe, expect, it } from '@jest/globals';
import { aCall } from '../../support/events.ts';
import { answer, httpError } from '../../support/upstream/index.ts';
import { openUpstream, readAll } from '../open-upstream.ts';

/** Databricks: anomalyco/opencode#31156, continuedev/continue#12936. */
const REFUSED = httpError(400, { message: 'Bad request: json: unknown field "stream_options"' });

describe('a server that refuses stream_options', () => {
  it('is asked once more without it, and later without it at once', async () => {
    const { stub, upstream } = await openUpstream(answer());
    stub.enqueue(REFUSED);
    for (const _ of [1, 2]) {
      const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
      expect(error).toBeUndefined();
    }
    expect(stub.requests.map(({ body }) => [body.stream, 'stream_options' in body])).toEqual([
      [true, true],
      [true, false],
      [true, false],
    ]);
    await readAll((emit) => upstream.answer(aCall({ model: 'another' }), emit));
    expect(stub.requests.at(-1)?.body).toHaveProperty('stream_options');
  });

  it.each([
    ['refuses the request without it, too', REFUSED, 2],
    ['fails', httpError(500, { message: 'stream_options' }), 1],
    ['refuses something else', httpError(400, { message: 'Unknown field "seed"' }), 1],
  ])('is asked as ever where it %s', async (_what, behaviour, requests) => {
    const { stub, upstream } = await openUpstream(behaviour);
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error).toBeDefined();
    expect(stub.requests).toHaveLength(requests);
    await readAll((emit) => upstream.answer(aCall(), emit));
    expect(stub.requests[requests]?.body).toHaveProperty('stream_options');
  });

  it('may name the field alone', async () => {
    const { stub, upstream } = await openUpstream(answer());
    stub.enqueue(httpError(422, { message: 'Extra input', param: 'stream_options.include_usage' }));
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error).toBeUndefined();
    expect(stub.requests).toHaveLength(2);
  });
});
