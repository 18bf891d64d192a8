import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Fault } from '../support/fault.ts';
import {
  expectFailure,
  expectInvariant,
  expectRequestId,
  interrupted,
  textOf,
} from '../support/fault-checks.ts';
import { collect, failureOf } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { FAULTS } from './index.ts';

describe.each(FAULTS)('when the upstream $what', (fault) => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(fault.config);
  });
  afterAll(() => running.stop());

  it(`SendMessage ${fault.error === undefined ? 'succeeds' : 'says so'}`, async () => {
    const { client, stub } = running;
    stub.enqueue(fault.upstream);
    const answer = await collect(client.provider.stream('SendMessage', aRequest()));
    expectInvariant(answer);
    const text = textOf(answer.messages);
    if (fault.text instanceof RegExp) expect(text).toMatch(fault.text);
    else expect(text === (fault.text ?? '')).toBe(true);
    if (fault.error === undefined) {
      expect(answer.status).toMatchObject({ code: 0 });
    } else {
      expectFailure(answer.status, text === '' ? fault.error : interrupted(fault.error));
    }
    await expectClosed(running, fault);
  });

  it(`SendMessageSync ${fault.error === undefined ? 'succeeds' : 'gives the reason'}`, async () => {
    const { client, stub } = running;
    stub.enqueue(fault.upstream);
    const call = client.provider.unary('SendMessageSync', aRequest());
    if (fault.error === undefined) {
      const { response } = await call;
      expect((response as { content: string }).content === fault.text).toBe(true);
    } else {
      expectFailure(await failureOf(call), fault.error);
    }
    await expectClosed(running, fault);
  });

  it('the next call is answered', async () => {
    const { messages, status } = await collect(
      running.client.provider.stream('SendMessage', aRequest()),
    );
    expect(status.details).toBe('OK');
    expect(textOf(messages)).toBe('Hello from the stub.');
  });
});

/** The newest request is over, and by whom. */
async function expectClosed({ stub }: RunningApp, { closedBy }: Fault): Promise<void> {
  const request = await stub.waitForRequest(stub.requests.length);
  await request.closed;
  expect(request.closedBy).toBe(closedBy ?? 'server');
}
