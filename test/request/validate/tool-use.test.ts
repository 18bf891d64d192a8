import { describe, expect, it } from '@jest/globals';
import type { HostedTool, MessageRequest, ToolChoice } from '../../../src/core/message.ts';
import { ADD, fieldsOf, HELLO, inMessages } from './refusals.ts';

const GRAMMAR = { type: 'grammar', syntax: 'lark', definition: 'start: "a"' } as const;
const SQL = { name: 'sql', custom: GRAMMAR };

describe('custom tools', () => {
  it('take text, or what a grammar says', () => {
    expect(fieldsOf({ tools: [SQL, { name: 'say', custom: { type: 'text' } }] })).toEqual([]);
  });

  it('have neither schema nor strictness', () => {
    const tool = { ...SQL, inputSchema: '{"type":"object"}', strict: false };
    expect(fieldsOf({ tools: [tool] })).toEqual([
      'request.tools[0].input_schema',
      'request.tools[0].strict',
    ]);
  });

  it.each([
    [{ ...GRAMMAR, syntax: 'ebnf' }, 'syntax'],
    [{ ...GRAMMAR, definition: '' }, 'definition'],
    [{ ...GRAMMAR, definition: 'x'.repeat(256 * 1024 + 1) }, 'definition'],
  ])('refuse a grammar that is none', (custom, field) => {
    expect(fieldsOf({ tools: [{ name: 'sql', custom }] })).toEqual([
      `request.tools[0].custom.grammar.${field}`,
    ]);
  });
});

describe('a choice among tools', () => {
  const request = {
    tools: [ADD, SQL],
    hostedTools: [{ type: 'web_search' }, { type: 'mcp', server: 'docs' }],
  } satisfies Partial<MessageRequest>;

  it.each<ToolChoice>([
    { functionName: 'add' },
    { customName: 'sql' },
    { hosted: 'web_search' },
    { hosted: 'docs' },
    { hosted: 'mcp' },
    { allowed: { mode: 'auto', names: ['add', 'sql', 'web_search', 'docs'] } },
    { allowed: { mode: 'required', names: ['sql'] } },
  ])('may be %j', (toolChoice) => {
    expect(fieldsOf({ ...request, toolChoice })).toEqual([]);
  });

  it.each<[ToolChoice, string[]]>([
    [{ functionName: 'sql' }, ['function_name']],
    [{ customName: 'add' }, ['custom_name']],
    [{ hosted: 'shell' }, ['hosted']],
    [{ allowed: { mode: 'none', names: ['add'] } }, ['allowed.mode']],
    [{ allowed: { mode: 'auto', names: [] } }, ['allowed.names']],
    [
      { allowed: { mode: 'auto', names: ['add', 'nope', 'add'] } },
      ['allowed.names[1]', 'allowed.names[2]'],
    ],
  ])('must be of the right kind: %j', (toolChoice, fields) => {
    expect(fieldsOf({ ...request, toolChoice })).toEqual(
      fields.map((field) => `request.tool_choice.${field}`),
    );
  });

  it('limits how often hosted tools are called, where there are some', () => {
    expect(fieldsOf({ ...request, maxToolCalls: 3 })).toEqual([]);
    expect(fieldsOf({ ...request, maxToolCalls: 0 })).toEqual(['request.max_tool_calls']);
    expect(fieldsOf({ tools: [ADD], maxToolCalls: 3 })).toEqual(['request.max_tool_calls']);
  });
});

describe('hosted tools', () => {
  it.each<[HostedTool, string[]]>([
    [{ type: 'web_search', allowedDomains: ['example.com', 'https://x'] }, ['allowed_domains[1]']],
    [{ type: 'web_search', searchContextSize: 'huge' }, ['search_context_size']],
    [{ type: 'web_search', location: { country: 'Germany' } }, ['location.country']],
    [{ type: 'file_search', vectorStoreIds: [] }, ['vector_store_ids']],
    [{ type: 'file_search', vectorStoreIds: ['vs_1'], maxResults: 51 }, ['max_results']],
    [{ type: 'file_search', vectorStoreIds: ['vs_1'], filters: '[]' }, ['filters']],
    [{ type: 'code_interpreter', containerId: 'c', fileIds: ['f'] }, ['file_ids']],
    [{ type: 'image_generation', size: 'big', quality: 'best' }, ['quality', 'size']],
    [{ type: 'mcp', server: '' }, ['server']],
    [{ type: 'shell' }, []],
    [{ type: 'apply_patch' }, []],
  ])('tell what is wrong with %j', (tool, fields) => {
    expect(fieldsOf({ hostedTools: [tool] })).toEqual(
      fields.map((field) => `request.hosted_tools[0].${tool.type}.${field}`),
    );
  });

  it('are each given once, and few', () => {
    const shell = { type: 'shell' } as const;
    expect(fieldsOf({ hostedTools: [shell, shell] })).toEqual(['request.hosted_tools[1].shell']);
    const many = Array.from({ length: 17 }, (_, i) => ({ type: 'mcp' as const, server: `s${i}` }));
    expect(fieldsOf({ hostedTools: many })).toEqual(['request.hosted_tools']);
  });
});

describe('calls of tools that the model knows', () => {
  const conversation = (kind: 'apply_patch' | 'shell' | 'custom', args: string, content: string) =>
    inMessages(
      HELLO,
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ id: 'c', name: kind, arguments: args, kind }],
      },
      { role: 'tool', toolCallId: 'c', content },
    );
  const exit = { stdout: '', stderr: '', outcome: { type: 'exit', exit_code: 1 } };
  const timeout = { stdout: '', stderr: '', outcome: { type: 'timeout' } };

  it.each([
    ['apply_patch', '{"status":"completed"}'],
    ['apply_patch', ' {"status":"failed","output":"no such file"} '],
    ['shell', JSON.stringify({ output: [exit, timeout], max_output_length: 100 })],
    ['shell', JSON.stringify([exit])],
    ['custom', 'anything'],
  ] as const)('%s takes the result %s', (kind, content) => {
    expect(conversation(kind, '{}', content)).toEqual([]);
  });

  it.each([
    ['apply_patch', ''],
    ['apply_patch', 'Done.'],
    ['apply_patch', '{"status":"done"}'],
    ['apply_patch', '{"status":"completed","output":1}'],
    ['shell', 'total 0'],
    ['shell', '[]'],
    ['shell', '{"output":[{"stdout":"","stderr":""}]}'],
    ['shell', JSON.stringify({ output: [exit], max_output_length: '1' })],
  ] as const)('%s refuses the result %j, and says what it must be', (kind, content) => {
    expect(conversation(kind, '{}', content)).toEqual(['request.messages[2].content']);
  });

  it('are JSON', () => {
    const result = '{"status":"completed"}';
    expect(conversation('apply_patch', '*** Begin', result)).toEqual([
      'request.messages[1].tool_calls[0].arguments',
    ]);
  });

  // What bytes that are no UTF-8 become where Python reads them and writes JSON.
  it('hold no halves of characters', () => {
    const half = '"a\\udcff"';
    const action = `{"path":${half}}`;
    expect(conversation('apply_patch', action, '{"status":"completed"}')).toEqual([
      'request.messages[1].tool_calls[0].arguments',
    ]);
    const result = JSON.stringify([exit]).replace('""', half);
    expect(conversation('shell', '{}', result)).toEqual(['request.messages[2].content']);
    expect(conversation('custom', action, result)).toEqual([]);
  });

  it('have an end of their values, and code has as many brackets and commas as it likes', () => {
    const result = '{"status":"completed"}';
    const many = `[${'1e1,'.repeat(150_000)}1]`;
    expect(conversation('apply_patch', `{"a":${many}}`, result)).toEqual([
      'request.messages[1].tool_calls[0].arguments',
    ]);
    expect(conversation('shell', '{}', many)).toEqual(['request.messages[2].content']);
    const code = JSON.stringify({ diff: '+["a", "b"],\n'.repeat(200_000) });
    expect(conversation('apply_patch', code, result)).toEqual([]);
  });

  it('are not nested deeper than the stack goes', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(conversation('apply_patch', `{"a":${deep}}`, '{"status":"completed"}')).toEqual([
      'request.messages[1].tool_calls[0].arguments',
    ]);
    const result = JSON.stringify([{ ...exit, more: 0 }]).replace('"more":0', `"more":${deep}`);
    expect(conversation('shell', '{}', result)).toEqual(['request.messages[2].content']);
  });
});
