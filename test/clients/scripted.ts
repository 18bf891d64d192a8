import { answer, type Behaviour, cutAfter, httpError, silent } from '../support/upstream/index.ts';

/** What `examples` ask, and how an upstream that answers as they expect does it. */
export function scripted(): Behaviour {
  let broken = false;
  const choose = (body: string): Behaviour => {
    if (body.includes('Break once')) {
      broken = !broken;
      return broken ? cutAfter(2) : answer({ items: [COMMENTARY], text: 'Hello again.' });
    }
    if (body.includes('Take your time')) return silent();
    if (body.includes('Too often')) return tooOften;
    if (!body.includes('get_weather')) return answer();
    if (!body.includes('21 degrees')) {
      const toolCalls = [{ name: 'get_weather', arguments: '{"city":"Paris"}' }];
      return answer({ toolCalls, sealedReasoning: [THOUGHT] });
    }
    return body.includes(THOUGHT.encryptedContent)
      ? answer({ text: 'It is 21 degrees in Paris.' })
      : httpError(400, { message: 'The turn has come back without what was thought in it.' });
  };
  return (exchange) => choose(JSON.stringify(exchange.request.body))(exchange);
}

/** Said on the way, which is no part of the answer. */
const COMMENTARY = {
  type: 'message',
  id: 'msg_commentary',
  role: 'assistant',
  status: 'completed',
  phase: 'commentary',
  content: [{ type: 'output_text', text: 'Once more. ', annotations: [] }],
};

const THOUGHT = { id: 'rs_1', encryptedContent: 'sealed-thought' };

const tooOften = httpError(429, {
  type: 'requests',
  code: 'rate_limit_exceeded',
  headers: { 'retry-after': '110' },
});
