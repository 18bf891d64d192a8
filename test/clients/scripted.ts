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
    return body.includes('21 degrees')
      ? answer({ text: 'It is 21 degrees in Paris.' })
      : answer({ toolCalls: [{ name: 'get_weather', arguments: '{"city":"Paris"}' }] });
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

const tooOften = httpError(429, {
  type: 'requests',
  code: 'rate_limit_exceeded',
  headers: { 'retry-after': '110' },
});
