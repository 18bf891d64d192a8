import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { collect } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { answer, httpError, resetBeforeHeaders } from '../support/upstream/index.ts';

const PROMPT = 'a prompt that nobody may see';

let running: RunningApp;
beforeEach(async () => {
  running = await startApp('defaultModel: gpt-5.4\nretryPolicy: { baseDelay: 1ms }');
});
afterEach(() => running.stop());

const at = (path: string) => `http://${running.app.adminAddress}${path}`;

async function ask(fields: object = {}) {
  const messages = [{ role: 'ROLE_USER', content: PROMPT }];
  await collect(running.client.provider.stream('SendMessage', aRequest({ messages, ...fields })));
}

describe('GET /calls/<id>', () => {
  it('explains a call by its id, its trace and its request at the upstream, without its content', async () => {
    running.stub.enqueue(httpError(503), answer({ text: 'an answer' }));
    await ask();
    const line = await running.log.ofCall('SendMessage');
    const byId = await fetch(at(`/calls/${line.call_id}`));
    const text = await byId.text();
    expect(byId.headers.get('content-type')).toContain('application/json');
    expect(text).not.toContain(PROMPT);
    expect(JSON.parse(text)).toMatchObject({
      call_id: line.call_id,
      trace_id: line.trace_id,
      outcome: 'completed',
      model: 'gpt-5.4',
      target: 'default',
      why_this_target: 'It is the first route that the call may take.',
      attempts: [
        { attempt: 1, outcome: 'SERVICE_UNAVAILABLE', upstream_status: 503 },
        { attempt: 2, outcome: 'completed', waited_after_failure_ms: expect.any(Number) },
      ],
      charges: [{ attempt: 2, cost_usd: expect.stringMatching(/^0\.\d+$/) }],
    });
    for (const id of [line.trace_id, line.upstream_request_id]) {
      expect(await (await fetch(at(`/calls/${id}`))).json()).toEqual(JSON.parse(text));
    }
  });

  it('says of a refusal which fields it was about', async () => {
    await ask({ temperature: 99 });
    const line = await running.log.ofCall('SendMessage');
    expect(await (await fetch(at(`/calls/${line.call_id}`))).json()).toMatchObject({
      outcome: 'INVALID_REQUEST',
      fields: ['request.temperature'],
      why_this_target: 'No attempt was made.',
      attempts: [],
    });
  });

  it('says what the upstream or the machine said of a failure, in codes', async () => {
    const said = `The key of another project, and ${PROMPT}`;
    running.stub.enqueue(httpError(401, { code: 'mismatched_project', message: said }));
    await ask();
    const line = await running.log.ofCall('SendMessage');
    const text = await (await fetch(at(`/calls/${line.call_id}`))).text();
    expect(JSON.parse(text)).toMatchObject({
      outcome: 'INVALID_API_KEY',
      upstream_error: { status: 401, code: 'mismatched_project' },
    });
    expect(text).not.toContain(PROMPT);
    running.stub.enqueue(...Array(4).fill(resetBeforeHeaders()));
    await ask({ model: 'gpt-4o-mini' });
    const [failed] = running.log.lines.filter(({ reason }) => reason === 'NETWORK_ERROR');
    expect(await (await fetch(at(`/calls/${failed?.call_id}`))).json()).toMatchObject({
      outcome: 'NETWORK_ERROR',
      cause: expect.stringContaining('ECONNRESET'),
    });
  });

  it.each(['/calls/unknown', '/calls/', `/calls/${'x'.repeat(5_000)}`])(
    'answers 404 to %#',
    async (path) => {
      expect((await fetch(at(path))).status).toBe(404);
    },
  );

  it('does not break at an id that is no text', async () => {
    expect((await fetch(at('/calls/%ff'))).status).toBe(404);
  });
});

describe('the page', () => {
  it('shows what failed, runs nothing but its own script, and is renewed while it is open', async () => {
    const response = await fetch(at('/'));
    const policy = response.headers.get('content-security-policy');
    expect(policy).toMatch(/default-src 'none'.*script-src 'sha256-[^']+'; connect-src 'self'/);
    const html = await response.text();
    expect(html).toContain('Nothing needs a look.');
    expect(html).not.toMatch(/https?:\/\/(?!127\.0\.0\.1)/);

    const opened = await fetch(at('/events'));
    expect(opened.headers.get('content-type')).toContain('text/event-stream');
    const reader = opened.body?.pipeThrough(new TextDecoderStream()).getReader();
    let seen = (await reader?.read())?.value ?? '';
    expect(seen).toContain('<section id="upstreams">');
    running.stub.enqueue(httpError(401, { code: 'invalid_api_key' }));
    await ask();
    while (!seen.includes('INVALID_API_KEY')) seen += (await reader?.read())?.value ?? '';
    expect(seen).toContain(
      'All its API keys are set aside, last for INVALID_API_KEY (invalid_api_key).',
    );
    expect(seen).not.toContain(PROMPT);
    await reader?.cancel();
  });
});
