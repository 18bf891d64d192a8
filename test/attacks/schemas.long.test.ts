import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { codeName, failureOf } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';

let running: RunningApp | undefined;

afterEach(async () => {
  await running?.stop();
});

const KIB = 1024;

/** A schema of about so many bytes, all of which would have to be read. */
function schemaOf(bytes: number): string {
  const names = Array.from({ length: bytes / 16 }, (_, i) => `"p${String(i).padStart(9, '0')}":{}`);
  return `{"type":"object","properties":{${names.join()}}}`;
}

const toolOf = (bytes: number) => (index: number) => ({
  name: `tool_${index}`,
  inputSchema: schemaOf(bytes),
});
const tools = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, index) => toolOf(bytes)(index));

describe('schemas that take long to read', () => {
  it.each([
    ['one that is large', { tools: tools(1, 4_096 * KIB) }],
    ['many that are not', { tools: tools(16, 100 * KIB) }],
    ['one that is deep', { tools: [{ name: 'deep', inputSchema: '['.repeat(4_096 * KIB) }] }],
    [
      'that of an answer',
      { responseFormat: { jsonSchema: { name: 'large', schema: schemaOf(4_096 * KIB) } } },
    ],
  ])('are refused unread: %s', async (_what, fields) => {
    running = await startApp();
    const parse = jest.spyOn(JSON, 'parse');
    for (const method of ['SendMessageSync', 'CountTokens']) {
      const error = await failureOf(running.client.provider.unary(method, aRequest(fields)));
      expect(codeName(error)).toBe('INVALID_ARGUMENT');
    }
    const longest = Math.max(0, ...parse.mock.calls.map(([text]) => text.length));
    parse.mockRestore();
    // Nor was any of many: together they are too large.
    expect(longest).toBeLessThan(64 * KIB);
  });
});
