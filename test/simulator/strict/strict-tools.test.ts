import { describe, expect, it } from '@jest/globals';
import { refusedChat } from './rejected.ts';

const parameters = { type: 'object', properties: {} };
const tool = (name = 'f') => ({ type: 'function', function: { name, parameters } });
const custom = (name: string) => ({ type: 'custom', custom: { name } });
const named = (name: string) => ({ type: 'function', function: { name } });
const allowed = (...tools: object[]) => ({
  tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools } },
});

describe('the tools of Chat Completions', () => {
  it.each<[string, object]>([
    ['a tool that is there', { tools: [tool()], tool_choice: named('f') }],
    ['some of the tools', { tools: [tool('f'), tool('g')], ...allowed(named('g'), named('f')) }],
    [
      'a choice of tools by word',
      { tools: [tool()], tool_choice: 'auto', parallel_tool_calls: false },
    ],
    ['a custom tool of GPT-5', { model: 'gpt-5', tools: [custom('c')] }],
    ['a tool without parameters', { tools: [{ type: 'function', function: { name: 'f' } }] }],
  ])('are taken: %s', (_, fields) => {
    expect(refusedChat(fields)).toBeUndefined();
  });

  it.each<[string, object, string, string]>([
    [
      'tools of a model without',
      { model: 'o1-mini', today: '2025-01-01', tools: [tool()] },
      'tools',
      "Unsupported parameter: 'tools' is not supported with this model.",
    ],
    [
      'parallel calls of a model without',
      { model: 'o3', tools: [tool()], parallel_tool_calls: true },
      'parallel_tool_calls',
      "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
    ],
    [
      'custom tools of models before GPT-5',
      { tools: [tool(), custom('c')] },
      'tools[1]',
      "Tool 'custom' is not supported with gpt-4.1.",
    ],
    [
      'choices without tools',
      { tool_choice: named('f') },
      'tool_choice',
      "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    ],
    [
      'parallel calls without tools',
      { parallel_tool_calls: true },
      'parallel_tool_calls',
      "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.",
    ],
    [
      'tools that are not there',
      { tools: [tool('f')], tool_choice: named('g') },
      'tool_choice',
      "Invalid value for 'tool_choice': no function named 'g' was specified in the 'tools' parameter.",
    ],
    [
      'some tools that are not there',
      { tools: [tool('f')], ...allowed(named('f'), named('g')) },
      'tool_choice',
      "Invalid value for 'tool_choice': no function named 'g' was specified in the 'tools' parameter.",
    ],
  ])('are refused: %s', (_, fields, param, message) => {
    expect(refusedChat(fields)).toEqual({ status: 400, param, message });
  });
});
