import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Fault } from '../support/fault.ts';
import { expectFailure, expectInvariant, interrupted, textOf } from '../support/fault-checks.ts';
import { collect, failureOf } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import type { RecordedRequest } from '../support/upstream/index.ts';
import { FAULTS } from './index.ts';

describe.each(FAULTS)('when the upstream $what', (fault) => {
  const { error } = fault;
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(fault.config);
  });
  afterAll(() => running.stop());

  it(`SendMessage ${error === undefined ? 'succeeds' : 'fails as it should'}`, async () => {
    running.stub.enqueue(fault.upstream);
    const answer = await collect(running.client.provider.stream('SendMessage', aRequest()));
    const request = await over(running, fault);
    expectInvariant(answer);
    const text = textOf(answer.messages);
    expectText(text, fault);
    if (error === undefined) expect(answer.status.details).toBe('OK');
    else expectFailure(answer.status, text === '' ? error : interrupted(error), request);
  });

  it(`SendMessageSync ${error === undefined ? 'succeeds' : 'gives the reason'}`, async () => {
    running.stub.enqueue(fault.upstream);
    const call = running.client.provider.unary('SendMessageSync', aRequest());
    if (error === undefined) {
      const { response } = await call;
      expectText(String(Object(response).content), fault);
      await over(running, fault);
    } else {
      const failure = await failureOf(call);
      expectFailure(failure, error, await over(running, fault));
    }
  });

  it('the next call is answered', async () => {
    const { messages, status } = await collect(
      running.client.provider.stream('SendMessage', aRequest()),
    );
    expect(status.details).toBe('OK');
    expect(textOf(messages)).toBe('Hello from the stub.');
  });
});

/** The newest request, once it is over; ended by whom it should be. */
async function over({ stub }: RunningApp, { closedBy }: Fault): Promise<RecordedRequest> {
  const request = await stub.waitForRequest(stub.requests.length);
  await request.closed;
  expect(request.closedBy).toBe(closedBy ?? 'server');
  return request;
}

function expectText(text: string, fault: Fault): void {
  const expected = fault.text ?? '';
  if (expected instanceof RegExp) expect(text).toMatch(expected);
  // Not toBe(text): the largest has 10 MB, which nobody wants to see printed.
  else expect(text === expected).toBe(true);
}
