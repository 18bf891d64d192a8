import { describe, expect, it } from '@jest/globals';
import type { HostedTool, Message, Tool, ToolCall, ToolChoice } from '../../../src/core/message.ts';
import { unknownModel } from '../../../src/core/model.ts';
import { toChatCompletionRequest } from '../../../src/openai/chat/request.ts';
import { toHostedTool } from '../../../src/openai/responses/hosted-tools.ts';
import { toResponsesRequest } from '../../../src/openai/responses/request.ts';
import { aCall } from '../../support/events.ts';

const CUSTOM: Tool = { name: 'sql', custom: { type: 'text' } };
const GRAMMAR: Tool = {
  name: 'regex',
  description: 'Writes a number',
  custom: { type: 'grammar', syntax: 'regex', definition: '[0-9]+' },
};
const TOOLS: readonly Tool[] = [{ name: 'f' }, CUSTOM, GRAMMAR];
const HOSTED: readonly HostedTool[] = [
  { type: 'web_search' },
  { type: 'mcp', server: 'files' },
  { type: 'shell' },
];
const FILES = { url: 'https://files.test', requireApproval: 'always' as const };

function chat(request: object) {
  const target = { model: unknownModel('m'), surface: 'chat_completions' as const };
  const messages: readonly Message[] = [{ role: 'user', content: 'Hi' }];
  return toChatCompletionRequest(aCall({ target, request: { messages, ...request } }));
}

function responses(request: object) {
  const target = { model: unknownModel('m'), surface: 'responses' as const };
  const messages: readonly Message[] = [{ role: 'user', content: 'Hi' }];
  const call = aCall({ target, request: { messages, ...request } });
  return JSON.parse(JSON.stringify(toResponsesRequest(call, { files: FILES })));
}

describe('a choice of tools', () => {
  it.each<[ToolChoice, unknown]>([
    ['auto', 'auto'],
    [{ functionName: 'f' }, { type: 'function', function: { name: 'f' } }],
    [{ customName: 'sql' }, { type: 'custom', custom: { name: 'sql' } }],
    [
      { allowed: { mode: 'required', names: ['f', 'sql'] } },
      {
        type: 'allowed_tools',
        allowed_tools: {
          mode: 'required',
          tools: [
            { type: 'function', function: { name: 'f' } },
            { type: 'custom', custom: { name: 'sql' } },
          ],
        },
      },
    ],
    [
      { allowed: { mode: 'auto', names: [] } },
      { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } },
    ],
  ])('%j is sent over Chat Completions', (toolChoice, sent) => {
    expect(chat({ tools: TOOLS, toolChoice }).tool_choice).toEqual(sent);
  });

  it.each<[ToolChoice, unknown]>([
    ['none', 'none'],
    [{ functionName: 'f' }, { type: 'function', name: 'f' }],
    [{ customName: 'sql' }, { type: 'custom', name: 'sql' }],
    [{ hosted: 'web_search' }, { type: 'web_search' }],
    [{ hosted: 'mcp' }, { type: 'mcp', server_label: 'files' }],
    [{ hosted: 'files' }, { type: 'mcp', server_label: 'files' }],
    [
      { allowed: { mode: 'auto', names: ['f', 'sql', 'shell', 'files'] } },
      {
        type: 'allowed_tools',
        mode: 'auto',
        tools: [
          { type: 'function', name: 'f' },
          { type: 'custom', name: 'sql' },
          { type: 'shell' },
          { type: 'mcp', server_label: 'files' },
        ],
      },
    ],
  ])('%j is sent over the Responses API', (toolChoice, sent) => {
    const { tool_choice } = responses({ tools: TOOLS, hostedTools: HOSTED, toolChoice });
    expect(tool_choice).toEqual(sent);
  });

  it('of a tool that the upstream runs is refused over Chat Completions', () => {
    expect(() => chat({ tools: TOOLS, toolChoice: { hosted: 'web_search' } })).toThrow(
      expect.objectContaining({ reason: 'INTERNAL' }),
    );
  });
});

describe('a function', () => {
  // As MCP has tools without arguments; openai-agents-js adds them, too.
  it.each([
    ['{"type":"object"}', { type: 'object', properties: {} }],
    [
      '{"type":"object","additionalProperties":false,"$defs":{}}',
      { type: 'object', additionalProperties: false, $defs: {}, properties: {} },
    ],
    ['{"type":"object","properties":{"a":{}}}', { type: 'object', properties: { a: {} } }],
    ['{"type":"string"}', { type: 'string' }],
  ])('whose schema is %s says its properties over both APIs', (inputSchema, parameters) => {
    const tools = [{ name: 'f', inputSchema }];
    expect(chat({ tools }).tools).toEqual([
      { type: 'function', function: { name: 'f', parameters } },
    ]);
    expect(responses({ tools }).tools).toEqual([
      { type: 'function', name: 'f', parameters, strict: false },
    ]);
  });
});

describe('a custom tool', () => {
  it('is sent with its form over both APIs', () => {
    expect(chat({ tools: [CUSTOM, GRAMMAR] }).tools).toEqual([
      { type: 'custom', custom: { name: 'sql', format: { type: 'text' } } },
      {
        type: 'custom',
        custom: {
          name: 'regex',
          description: 'Writes a number',
          format: { type: 'grammar', grammar: { syntax: 'regex', definition: '[0-9]+' } },
        },
      },
    ]);
    expect(responses({ tools: [CUSTOM, GRAMMAR] }).tools).toEqual([
      { type: 'custom', name: 'sql', format: { type: 'text' } },
      {
        type: 'custom',
        name: 'regex',
        description: 'Writes a number',
        format: { type: 'grammar', syntax: 'regex', definition: '[0-9]+' },
      },
    ]);
  });
});

describe('a tool that the upstream runs', () => {
  const servers = {
    files: FILES,
    notes: {
      url: 'https://notes.test',
      description: 'Notes',
      requireApproval: 'never' as const,
      allowedTools: ['read'],
      authorization: 'secret of mcp',
      headers: { 'x-team': 'blue' },
    },
  };

  it.each<[HostedTool, object]>([
    [{ type: 'apply_patch' }, { type: 'apply_patch' }],
    [{ type: 'shell' }, { type: 'shell', environment: { type: 'local' } }],
    [{ type: 'web_search' }, { type: 'web_search' }],
    [
      {
        type: 'web_search',
        allowedDomains: ['a.test'],
        searchContextSize: 'low',
        location: { city: 'Bern' },
      },
      {
        type: 'web_search',
        filters: { allowed_domains: ['a.test'] },
        search_context_size: 'low',
        user_location: { type: 'approximate', city: 'Bern' },
      },
    ],
    [
      { type: 'file_search', vectorStoreIds: ['vs_1'] },
      { type: 'file_search', vector_store_ids: ['vs_1'] },
    ],
    [
      { type: 'file_search', vectorStoreIds: ['vs_1'], maxResults: 3, filters: '{"type":"eq"}' },
      {
        type: 'file_search',
        vector_store_ids: ['vs_1'],
        max_num_results: 3,
        filters: { type: 'eq' },
      },
    ],
    [
      { type: 'code_interpreter', fileIds: ['file-1'] },
      { type: 'code_interpreter', container: { type: 'auto', file_ids: ['file-1'] } },
    ],
    [
      { type: 'code_interpreter', containerId: 'cntr_1' },
      { type: 'code_interpreter', container: 'cntr_1' },
    ],
    [
      { type: 'image_generation', size: '1024x1024', outputFormat: 'webp', quality: '' },
      { type: 'image_generation', size: '1024x1024', output_format: 'webp' },
    ],
    [
      { type: 'mcp', server: 'files', allowedTools: ['read', 'list'] },
      {
        type: 'mcp',
        server_label: 'files',
        server_url: 'https://files.test',
        allowed_tools: ['read', 'list'],
        require_approval: 'always',
      },
    ],
    [
      { type: 'mcp', server: 'notes' },
      {
        type: 'mcp',
        server_label: 'notes',
        server_url: 'https://notes.test',
        server_description: 'Notes',
        allowed_tools: ['read'],
        require_approval: 'never',
        authorization: 'secret of mcp',
        headers: { 'x-team': 'blue' },
      },
    ],
  ])('%j is sent as the API takes it', (tool, sent) => {
    expect(toHostedTool(tool, servers)).toEqual(sent);
  });

  it.each(['mail', 'toString'])('is refused where the server %s is not configured', (server) => {
    expect(() => toHostedTool({ type: 'mcp', server }, servers)).toThrow(
      expect.objectContaining({ reason: 'INTERNAL' }),
    );
  });
});

describe('what a turn brings back', () => {
  const turn = (call: ToolCall, content: string): readonly Message[] => [
    { role: 'assistant', content: '', toolCalls: [call] },
    { role: 'tool', content, toolCallId: call.id },
  ];
  const patch = { type: 'create_file', path: 'a' };
  const action = { commands: ['ls'] };
  const outputs = [{ stdout: 'a', stderr: '', outcome: { type: 'exit', exit_code: 0 } }];

  it.each<[ToolCall, string, readonly object[]]>([
    [
      { id: 'a', name: 'f', arguments: '' },
      'done',
      [
        { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'a', output: 'done' },
      ],
    ],
    [
      { id: 'a', name: 'sql', arguments: 'SELECT 1', kind: 'custom' },
      '1',
      [
        { type: 'custom_tool_call', call_id: 'a', name: 'sql', input: 'SELECT 1' },
        { type: 'custom_tool_call_output', call_id: 'a', output: '1' },
      ],
    ],
    [
      { id: 'a', name: 'apply_patch', arguments: JSON.stringify(patch), kind: 'apply_patch' },
      '{"status":"completed"}',
      [
        { type: 'apply_patch_call', call_id: 'a', status: 'completed', operation: patch },
        { type: 'apply_patch_call_output', call_id: 'a', status: 'completed' },
      ],
    ],
    [
      { id: 'a', name: 'shell', arguments: JSON.stringify(action), kind: 'shell' },
      JSON.stringify(outputs),
      [
        { type: 'shell_call', call_id: 'a', status: 'completed', action },
        { type: 'shell_call_output', call_id: 'a', output: outputs },
      ],
    ],
    [
      {
        id: 'a',
        name: 'delete',
        arguments: '{}',
        kind: 'mcp_approval',
        providerData: '{"target":"default","server_label":"files"}',
      },
      '{"approve":true}',
      [
        {
          type: 'mcp_approval_request',
          id: 'a',
          name: 'delete',
          arguments: '{}',
          server_label: 'files',
        },
        { type: 'mcp_approval_response', approval_request_id: 'a', approve: true },
      ],
    ],
  ])('of the call %j', (call, result, items) => {
    expect(responses({ messages: turn(call, result) }).input).toEqual(items);
  });

  it.each(['apply_patch', 'shell', 'mcp_approval'] as const)(
    'of a result that is none of %s is refused',
    (kind) => {
      const call: ToolCall = { id: 'a', name: kind, arguments: '{}', kind };
      expect(() => responses({ messages: turn(call, 'done') })).toThrow(
        expect.objectContaining({ reason: 'INTERNAL' }),
      );
    },
  );

  it('is the phase of a text, and nothing in the place of an image', () => {
    const image = { type: 'image' as const, uri: 'https://a.test/a.png' };
    const content = [{ type: 'text' as const, text: 'Let me see.' }, image];
    const messages = [{ role: 'assistant', content, phase: 'commentary' }];
    expect(responses({ messages }).input).toEqual([
      {
        type: 'message',
        role: 'assistant',
        phase: 'commentary',
        content: [
          { type: 'output_text', text: 'Let me see.' },
          { type: 'output_text', text: '' },
        ],
      },
    ]);
  });

  it('is a custom call over Chat Completions, too', () => {
    const call: ToolCall = { id: 'a', name: 'sql', arguments: 'SELECT 1', kind: 'custom' };
    expect(chat({ messages: turn(call, '1') }).messages).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'sql', input: 'SELECT 1' } }],
      },
      { role: 'tool', content: '1', tool_call_id: 'a' },
    ]);
  });

  it.each([
    ['Hm.', [], 'Hm.'],
    [undefined, [{ id: 'a', name: 'f', arguments: '{}' }], ''],
    [undefined, [], undefined],
  ])('is the reasoning %j, where the model wants it back', (reasoning, toolCalls, sent) => {
    const model = {
      ...unknownModel('m'),
      reasoning: { isReasoning: true, efforts: [], sendBackAs: 'reasoning_content' },
    };
    const message = {
      role: 'assistant',
      content: 'Hi',
      toolCalls,
      ...(reasoning && { reasoning }),
    };
    const target = { model, surface: 'chat_completions' as const };
    const request = { messages: [message as Message] };
    const [turnSent] = toChatCompletionRequest(
      aCall({ target: target as never, request }),
    ).messages;
    expect(turnSent).toMatchObject({ content: 'Hi' });
    expect((turnSent as { reasoning_content?: string }).reasoning_content).toBe(sent);
  });
});

// maki#940, mcphost#90, goclaw#321, DeepSeek-Reasonix#5172, vscode#330662, ogx#6017, llama.cpp#21098.
describe('the schema of a function', () => {
  const open = { type: 'object', additionalProperties: { type: 'string' } };

  it.each<[object, object]>([
    [{}, { type: 'object', properties: {} }],
    [{ type: 'object' }, { type: 'object', properties: {} }],
    [{ properties: { a: {} } }, { type: 'object', properties: { a: {} } }],
    [open, { ...open, properties: {} }],
    [
      { type: 'object', properties: {}, required: [] },
      { type: 'object', properties: {}, required: [] },
    ],
    [{ anyOf: [{}] }, { anyOf: [{}] }],
    [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }],
    [{ type: ['object'] }, { type: ['object'] }],
  ])('%j is sent as %j', (schema, parameters) => {
    const tools: readonly Tool[] = [{ name: 'f', inputSchema: JSON.stringify(schema) }];
    expect(chat({ tools }).tools).toEqual([
      { type: 'function', function: { name: 'f', parameters } },
    ]);
    expect(responses({ tools }).tools).toMatchObject([{ name: 'f', parameters }]);
  });
});
