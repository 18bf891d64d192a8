import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import { ChatStream } from '../../../src/openai/chat/stream.ts';
import { ResponsesStream } from '../../../src/openai/responses/stream.ts';
import { aCall } from '../../support/events.ts';

function told() {
  const parts: string[] = [];
  const call = aCall({ onUnknown: (kind, name) => void parts.push(`${kind} ${name}`) });
  return { parts, call };
}

const TIMINGS = { queueMs: 0, backoffMs: 0, totalMs: 0 };

describe('what nobody knows', () => {
  it('is told of chunks, once each', () => {
    const { parts, call } = told();
    const stream = new ChatStream(call, () => {});
    const chunk = {
      id: '1',
      object: 'chat.completion.chunk',
      vibe: 1,
      choices: [
        { index: 0, delta: { role: 'assistant', content: 'a', mood: 'good', whim: null }, luck: 7 },
      ],
    };
    stream.read('', JSON.stringify(chunk));
    stream.read('', JSON.stringify(chunk));
    stream.read('ping', '');
    stream.read('weather', '{}');
    stream.read('', JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'bored' }] }));
    stream.end(TIMINGS);
    expect(parts).toEqual([
      'field vibe',
      'field choices.luck',
      'field delta.mood',
      'event weather',
      'finish_word bored',
    ]);
  });

  it.each(['{"0":1}', '[null,7]', '"a"'])(
    'is looked for in no output of a failure that is none: %s',
    (output) => {
      const failure = `{"type":"response.broken","error":{"message":"no"},"response":{"output":${output}}}`;
      const stream = new ResponsesStream(aCall(), () => {});
      expect(() => stream.read('', failure)).toThrow(ProviderError);
    },
  );

  it('is told of events of Responses', () => {
    const { parts, call } = told();
    const stream = new ResponsesStream(call, () => {});
    const read = (event: object) => stream.read('', JSON.stringify(event));
    read({ type: 'response.created', response: { id: 'r', object: 'response', model: 'm' } });
    read({ type: 'response.content_part.added', part: { type: 'output_text', text: '' } });
    read({ type: 'response.web_search_call.searching', item_id: 'w' });
    // Sorted, as Bedrock writes them.
    read({ part: { text: '', type: 'reasoning_text' }, type: 'response.reasoning_part.added' });
    read({ dream: { type: 'lucid' }, type: 'response.dream.added' });
    read({ type: 'response.dream.delta', delta: 'z' });
    read({ type: 'response.output_text.delta', delta: 'a', aura: 1 });
    expect(parts).toEqual([
      'event response.dream.added',
      'event response.dream.delta',
      'field aura',
    ]);
  });

  it('is told of items and their parts, in the stream and in the whole answer', () => {
    const { parts, call } = told();
    const stream = new ResponsesStream(call, () => {});
    const read = (event: object) => stream.read('', JSON.stringify(event));
    const dream = { type: 'dream_call', id: 'd_1' };
    const message = { type: 'message', id: 'm_1', content: [{ type: 'output_dream' }] };
    read({ type: 'response.output_item.done', output_index: 0, item: dream });
    read({ type: 'response.completed', response: { id: 'r', output: [dream, message] } });
    expect(parts).toEqual(['item dream_call', 'item content.output_dream']);
  });

  it('is told by names that may be shown, and not without end', () => {
    const { parts, call } = told();
    const stream = new ChatStream(call, () => {});
    const fields = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, 1]));
    stream.read('', JSON.stringify({ 'my secret prompt': 1, choices: [], ...fields }));
    expect(parts).toHaveLength(20);
    expect(parts[0]).toBe('field (not a name)');
  });
});
