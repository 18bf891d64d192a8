/** Events of a Responses stream, for tests. */

export const RESPONSE = { id: 'resp_1', object: 'response', model: 'gpt-test-2026', output: [] };

export const USAGE = {
  input_tokens: 7,
  input_tokens_details: { cached_tokens: 2, cache_write_tokens: 1 },
  output_tokens: 3,
  output_tokens_details: { reasoning_tokens: 1 },
  total_tokens: 10,
};

export const CREATED = { type: 'response.created', response: RESPONSE };

export function delta(kind: string, piece: string, outputIndex = 0): object {
  return { type: `response.${kind}.delta`, output_index: outputIndex, delta: piece };
}

export function added(item: object, outputIndex = 0): object {
  return { type: 'response.output_item.added', output_index: outputIndex, item };
}

export function done(item: object, outputIndex = 0): object {
  return { type: 'response.output_item.done', output_index: outputIndex, item };
}

export function message(...content: readonly object[]): object {
  return { id: 'msg_1', type: 'message', role: 'assistant', content };
}

export function outputText(text: string): object {
  return { type: 'output_text', text, annotations: [] };
}

export function functionCall(callId: string, name: string, args: string): object {
  return { id: `fc_${callId}`, type: 'function_call', call_id: callId, name, arguments: args };
}

export function ended(status: string, fields: object = {}): object {
  return { type: `response.${status}`, response: { ...RESPONSE, status, usage: USAGE, ...fields } };
}

export const COMPLETED = ended('completed');
