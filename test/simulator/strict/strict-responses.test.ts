import { describe, expect, it } from '@jest/globals';
import { BEFORE, refusedResponse } from './rejected.ts';

const item = (type: string, fields: object) => ({ type, ...fields });
const input = (...items: object[]) => ({ input: items });
const ask = { role: 'user', content: 'Hi' };
const sealed = item('reasoning', { id: 'rs_1', summary: [], encrypted_content: 'gAAAA' });
const call = item('function_call', { call_id: '1', name: 'f', arguments: '{}' });
const result = item('function_call_output', { call_id: '1', output: '' });
const approval = (approve: unknown) =>
  item('mcp_approval_response', { approval_request_id: 'mcpr_1', approve });
const image = item('input_image', { image_url: 'https://example.com/a.png' });
const file = (fields: object) => input({ role: 'user', content: [item('input_file', fields)] });
const OLD = { model: 'gpt-3.5-turbo', today: BEFORE };
const schema = { type: 'object', properties: {} };
const format = (fields: object) => ({ text: { format: fields } });
const answered = item('json_schema', { name: 's', schema });
const tool = item('function', { name: 'f', parameters: schema });
const mcp = item('mcp', { server_label: 'm', server_url: 'https://example.com' });

describe('Responses, strictly', () => {
  it.each<[string, object]>([
    ['an approval', input(approval(true))],
    ['calls that are answered', input(ask, call, result)],
    ['reasoning before more of it', input(ask, sealed, { ...sealed, id: 'rs_2' }, call, result)],
    [
      'reasoning before an answer',
      input(ask, sealed, { role: 'assistant', content: 'Hello.' }, ask),
    ],
    ['reasoning before what a server is asked', input(sealed, item('mcp_list_tools', {}))],
    ['JSON that the input speaks of', { input: 'As JSON', ...format({ type: 'json_object' }) }],
    [
      'JSON that an item speaks of',
      { ...input({ ...ask, content: 'As JSON' }), ...format({ type: 'json_object' }) },
    ],
    ['a text as the format', format({ type: 'text' })],
    ['a schema', format(answered)],
    ['only a verbosity', { text: { verbosity: 'low' } }],
    ['an image', input({ role: 'user', content: [image] })],
    ['words for a model without images', { ...OLD, ...input(ask) }],
    ['a stored answer in the background', { background: true, store: true }],
    ['a summary of the reasoning', { reasoning: { effort: 'low', summary: 'auto' } }],
    ['no summary for a model without', { model: 'gpt-4.1', reasoning: { summary: null } }],
    ['a file at an address', file({ file_url: 'https://example.com/a.txt' })],
    ['bytes of any type', file({ file_data: 'data:text/plain;base64,SGk=', filename: 'a.txt' })],
    ['a tool that is there', { tools: [tool], tool_choice: { type: 'function', name: 'f' } }],
    ['a server by its label', { tools: [mcp], tool_choice: { type: 'mcp', server_label: 'm' } }],
    [
      'some of the tools',
      {
        tools: [tool, item('web_search', {})],
        tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'web_search' }] },
      },
    ],
    ['a mode without tools', { tool_choice: 'auto', parallel_tool_calls: true }],
    ['a shell of GPT-5', { model: 'gpt-5', tools: [item('shell', {})] }],
  ])('takes %s', (_, fields) => {
    expect(refusedResponse(fields)).toBeUndefined();
  });

  it.each<[string, object, string | null, string]>([
    [
      'approvals by word',
      input(approval('yes')),
      'input[0].approve',
      "Invalid type for 'input[0].approve': expected a boolean, but got a string instead.",
    ],
    [
      'a call made twice',
      input(call, call, result),
      'input',
      'Duplicate function call with call_id 1.',
    ],
    [
      'results of another kind',
      input(call, item('custom_tool_call_output', { call_id: '1', output: '' })),
      'input',
      'No tool call found for custom tool call output with call_id 1.',
    ],
    ['unanswered calls', input(call), 'input', 'No tool output found for function call 1.'],
    [
      'reasoning that led to an approval',
      input(sealed, approval(true)),
      'input',
      "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    ],
    [
      'images for a model without',
      { ...OLD, ...input(ask, { role: 'user', content: [image] }) },
      'input[1].content',
      "Invalid value: 'input_image'. Supported values are: 'input_text'.",
    ],
    [
      'background answers that are not stored',
      { background: true },
      'store',
      "Background responses must be stored: 'store' must be true.",
    ],
    [
      'models that make embeddings',
      { model: 'text-embedding-3-small' },
      'model',
      "The requested model 'text-embedding-3-small' cannot be used with the Responses API.",
    ],
    [
      'temperatures of a reasoning model',
      { model: 'gpt-5', temperature: 1 },
      'temperature',
      "Unsupported parameter: 'temperature' is not supported with this model.",
    ],
    [
      'summaries of a model without reasoning',
      { model: 'gpt-4.1', reasoning: { summary: 'auto' } },
      'reasoning.summary',
      "Unsupported parameter: 'reasoning.summary' is not supported with this model.",
    ],
    [
      'JSON nobody speaks of',
      format({ type: 'json_object' }),
      'input',
      "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
    ],
    [
      'schemas for a model without',
      { ...OLD, ...format(answered) },
      'text.format',
      "Invalid parameter: 'text.format' of type 'json_schema' is not supported with this model.",
    ],
    [
      'strict schemas that are not',
      format({ ...answered, strict: true }),
      'text.format.schema',
      "Invalid schema for response_format 's': In context=(), 'additionalProperties' is required to be supplied and to be false.",
    ],
    [
      'verbosities of models before GPT-5',
      { model: 'gpt-4.1', text: { verbosity: 'high' } },
      'text.verbosity',
      "Unsupported value: 'text.verbosity' does not support 'high' with this model. Supported values are: 'medium'.",
    ],
    [
      'streams of a model without',
      { model: 'o3-pro', stream: true },
      'stream',
      "Unsupported value: 'stream' does not support true with this model. Supported values are: false.",
    ],
    [
      'inputs that are too long',
      { ...OLD, input: 'word '.repeat(17_000) },
      'input',
      "This model's maximum context length is 16385 tokens. Please reduce the length of the messages.",
    ],
    [
      'files in the open',
      file({ file_url: 'http://example.com/a' }),
      'input[0].content[0].file_url',
      "Invalid 'input[0].content[0].file_url': string does not match pattern. Expected a string that matches the pattern '^https:'.",
    ],
    [
      'a name beside an address',
      file({ file_url: 'https://example.com/a', filename: 'a.pdf' }),
      'input[0].content[0]',
      "Mutually exclusive parameters: 'input[0].content[0]'. Ensure you are only providing one of: 'file_url' or 'filename'.",
    ],
    [
      'files from nowhere',
      file({ file_id: null }),
      'input[0].content[0]',
      "Mutually exclusive parameters: 'input[0].content[0]' needs one of file_data, file_id, file_url.",
    ],
    [
      'choices without tools',
      { tool_choice: 'required' },
      'tool_choice',
      "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    ],
    [
      'types of tools that are not there',
      { tools: [tool], tool_choice: { type: 'web_search' } },
      'tool_choice',
      "Invalid value for 'tool_choice': no tool of type 'web_search' was specified in the 'tools' parameter.",
    ],
    [
      'servers that are not there',
      { tools: [mcp], tool_choice: { type: 'mcp', server_label: 'other' } },
      'tool_choice',
      "Invalid value for 'tool_choice': no mcp named 'other' was specified in the 'tools' parameter.",
    ],
    [
      'patches of models before GPT-5',
      { model: 'gpt-4.1', tools: [item('apply_patch', {})] },
      'tools[0]',
      "Tool 'apply_patch' is not supported with gpt-4.1.",
    ],
  ])('refuses %s', (_, fields, param, message) => {
    expect(refusedResponse(fields)).toEqual({ status: 400, param, message });
  });

  it.each([undefined, null, ''])('does not find reasoning that OpenAI kept: %p', (content) => {
    const kept = { ...sealed, encrypted_content: content };
    expect(refusedResponse(input(kept, call, result))).toEqual({
      status: 404,
      param: 'input',
      message:
        "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.",
    });
  });
});
