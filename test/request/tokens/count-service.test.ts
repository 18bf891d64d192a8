import { once } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { serveCounts } from '../../../src/request/tokens/count-service.ts';
import type { WorkerRequest } from '../../../src/request/tokens/worker-messages.ts';
import { referenceCount } from './tiktoken-reference.ts';

describe('serveCounts', () => {
  let port: MessagePort;

  beforeEach(() => {
    const { port1, port2 } = new MessageChannel();
    serveCounts(port1);
    port = port2;
  });

  afterEach(() => port.close());

  const send = (request: WorkerRequest) => port.postMessage(request);
  const count = (id: number, ...texts: string[]) =>
    send({ type: 'count', id, tokenizer: 'o200k_base', prompts: [texts] });

  it('answers with the tokens of all texts', async () => {
    count(7, 'user', 'How are you?');
    const tokens =
      referenceCount('o200k_base', 'user') + referenceCount('o200k_base', 'How are you?');
    expect(await once(port, 'message')).toEqual([{ id: 7, counts: [{ tokens, exact: true }] }]);
  });

  it('answers a short count while a long one still runs', async () => {
    count(1, 'word '.repeat(200_000));
    count(2, 'hi');
    expect(await once(port, 'message')).toEqual([{ id: 2, counts: [{ tokens: 1, exact: true }] }]);
    const [long] = await once(port, 'message');
    expect(long).toMatchObject({ id: 1, counts: [{ exact: true }] });
  });

  it('never answers a cancelled count', async () => {
    count(1, 'word '.repeat(200_000));
    send({ type: 'cancel', id: 1 });
    send({ type: 'cancel', id: 99 });
    count(2, 'word '.repeat(200_000));
    expect(await once(port, 'message')).toMatchObject([{ id: 2 }]);
  });
});
