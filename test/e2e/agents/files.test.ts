import { afterEach, describe, expect, it } from '@jest/globals';
import { strict } from '../../../src/simulator/strict/strict.ts';
import { collect, statusDetail } from '../../support/grpc-client.ts';
import { aPdf } from '../../support/pdf.ts';
import { type RunningApp, startApp } from '../../support/running-app.ts';
import { ask, inputsOf, runAgent, script, startAgents } from './agent.ts';

let running: RunningApp;
afterEach(() => running.stop());

const data = aPdf('Total: 42 EUR');
const PDF = { file: { data, name: 'invoice.pdf', mediaType: 'application/pdf' } };
const ENCODED = `data:application/pdf;base64,${data.toString('base64')}`;
const NOTES = { file: { data: Buffer.from('# Nötes'), name: 'n.md', mediaType: 'text/markdown' } };
const asked = (...parts: object[]) => ({
  model: 'gpt-5.4',
  messages: [{ role: 'ROLE_USER', parts: [{ text: 'What is the total?' }, ...parts] }],
});

describe('an agent that reads files', () => {
  it('sends a PDF, text, an address and an id, and gets a file as a result', async () => {
    running = await startAgents();
    script(running, { toolCalls: [{ name: 'fetch', arguments: '{}' }] }, { text: '42 EUR.' });
    const request = {
      ...asked(
        PDF,
        NOTES,
        { file: { uri: 'https://example.com/a.pdf' } },
        { file: { fileId: 'file-abc' } },
      ),
      tools: [{ name: 'fetch' }],
    };
    const { answers } = await runAgent(running.client, request, () => ({ parts: [PDF] }));
    expect(answers.at(-1)?.text).toBe('42 EUR.');
    const [question, , result] = (inputsOf(running)[1] ?? []).map((item) => JSON.parse(item));
    expect(question.content.slice(1)).toEqual([
      { type: 'input_file', filename: 'invoice.pdf', file_data: ENCODED },
      {
        type: 'input_file',
        filename: 'n.md',
        file_data: `data:text/markdown;base64,${Buffer.from('# Nötes').toString('base64')}`,
      },
      { type: 'input_file', file_url: 'https://example.com/a.pdf' },
      { type: 'input_file', file_id: 'file-abc' },
    ]);
    expect(result).toEqual({
      type: 'function_call_output',
      call_id: 'call_stub_0',
      output: [{ type: 'input_file', filename: 'invoice.pdf', file_data: ENCODED }],
    });
  });

  it('sends a PDF over Chat Completions, and nothing that has no place there', async () => {
    running = await startApp('api: chat_completions');
    running.stub.setDefault(strict());
    await ask(running.client, asked(PDF));
    expect(running.stub.requests[0]?.body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is the total?' },
          { type: 'file', file: { filename: 'invoice.pdf', file_data: ENCODED } },
        ],
      },
    ]);
    const refused = asked(NOTES, { file: { uri: 'https://example.com/a.pdf' } });
    const { status } = await collect(
      running.client.provider.stream('SendMessage', { request: refused }),
    );
    const { fieldViolations } = statusDetail(status, 'google.rpc.BadRequest');
    expect(fieldViolations).toMatchObject([
      { field: 'request.messages[0].parts[1].file' },
      { field: 'request.messages[0].parts[2].file' },
    ]);
  });

  it('counts a page as text and an image', async () => {
    running = await startAgents();
    const count = async (...pages: string[]) => {
      const file = { ...PDF.file, data: aPdf(...pages) };
      const { inputTokens, estimated } = (await running.client.provider.unary('CountTokens', {
        request: asked({ file }),
      })) as { inputTokens: number; estimated: boolean };
      expect(estimated).toBe(true);
      return inputTokens;
    };
    expect((await count('a', 'b', 'c')) - (await count('a'))).toBeGreaterThan(1_000);
  });
});
