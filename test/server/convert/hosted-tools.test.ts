import { expect, it } from '@jest/globals';
import { MessageRequest } from '../../../src/gen/tamma/provider/v1/message.ts';
import { fromWireRequest } from '../../../src/server/convert/request.ts';
import { WireViolations } from '../../../src/server/convert/violations.ts';

/** What a client wrote, as it arrives. */
function received(fields: Partial<MessageRequest>) {
  const whole = { ...MessageRequest.decode(new Uint8Array()), ...fields };
  const violations = new WireViolations();
  const decoded = MessageRequest.decode(MessageRequest.encode(whole).finish());
  return { request: fromWireRequest(decoded, violations), found: violations.found };
}

it('reads every hosted tool, and leaves out what is empty', () => {
  const { request, found } = received({
    hostedTools: [
      {
        tool: {
          $case: 'webSearch',
          value: {
            allowedDomains: ['example.com'],
            searchContextSize: 'low',
            location: { city: '', region: '', country: 'DE', timezone: '' },
          },
        },
      },
      {
        tool: {
          $case: 'webSearch',
          value: { allowedDomains: [], searchContextSize: '', location: undefined },
        },
      },
      { tool: { $case: 'fileSearch', value: { vectorStoreIds: ['vs_1'], filters: '' } } },
      { tool: { $case: 'codeInterpreter', value: { containerId: 'c', fileIds: ['f'] } } },
      {
        tool: {
          $case: 'imageGeneration',
          value: { size: '', quality: 'high', background: '', outputFormat: 'png' },
        },
      },
      { tool: { $case: 'mcp', value: { server: 'docs', allowedTools: ['read'] } } },
      { tool: { $case: 'applyPatch', value: {} } },
      { tool: { $case: 'shell', value: {} } },
    ],
  });
  expect(found).toEqual([]);
  expect(request.hostedTools).toStrictEqual([
    {
      type: 'web_search',
      allowedDomains: ['example.com'],
      searchContextSize: 'low',
      location: { country: 'DE' },
    },
    { type: 'web_search' },
    { type: 'file_search', vectorStoreIds: ['vs_1'] },
    { type: 'code_interpreter', containerId: 'c', fileIds: ['f'] },
    { type: 'image_generation', quality: 'high', outputFormat: 'png' },
    { type: 'mcp', server: 'docs', allowedTools: ['read'] },
    { type: 'apply_patch' },
    { type: 'shell' },
  ]);
});

it('names a hosted tool that is none', () => {
  const { found } = received({ hostedTools: [{ tool: undefined }] });
  expect(found).toEqual([
    { field: 'request.hosted_tools[0]', description: 'must be one of the tools' },
  ]);
});

it('reads files by their source, custom tools, and each way to choose a tool', () => {
  const file = (source: object | undefined) => ({
    part: { $case: 'file', value: { source, name: 'a.txt', mediaType: '' } } as never,
  });
  const sources = [
    { $case: 'data', value: Buffer.from([1]) },
    { $case: 'uri', value: 'https://x/a' },
    { $case: 'fileId', value: 'file-1' },
    undefined,
  ];
  const { request, found } = received({
    messages: [
      {
        role: 3,
        content: '',
        parts: sources.map(file),
        toolCalls: [],
        toolCallId: '',
        name: '',
        reasoningItems: [],
        phase: '',
        providerData: '',
        reasoning: '',
      },
    ],
    tools: [
      {
        name: 'sql',
        description: '',
        inputSchema: '',
        custom: { format: { $case: 'grammar', value: { syntax: 'lark', definition: 'x' } } },
      },
      { name: 'free', description: '', inputSchema: '', custom: { format: undefined } },
    ],
    toolChoice: { choice: { $case: 'allowed', value: { mode: 3, names: ['sql'] } } },
    promptCacheOptions: { mode: 'explicit', ttl: '' },
  });
  expect(request.messages[0]?.content).toEqual([
    { type: 'file', data: Buffer.from([1]), name: 'a.txt' },
    { type: 'file', uri: 'https://x/a', name: 'a.txt' },
    { type: 'file', fileId: 'file-1', name: 'a.txt' },
  ]);
  expect(request.tools?.map(({ custom }) => custom)).toEqual([
    { type: 'grammar', syntax: 'lark', definition: 'x' },
    { type: 'text' },
  ]);
  expect(request.toolChoice).toEqual({ allowed: { mode: 'required', names: ['sql'] } });
  expect(request.promptCacheOptions).toEqual({ mode: 'explicit' });
  expect(found.map(({ field }) => field)).toEqual(['request.messages[0].parts[3].file.source']);
  const choose = (choice: object) => received({ toolChoice: { choice } as never }).request;
  expect(choose({ $case: 'customName', value: 'sql' }).toolChoice).toEqual({ customName: 'sql' });
  expect(choose({ $case: 'hosted', value: 'mcp' }).toolChoice).toEqual({ hosted: 'mcp' });
});
