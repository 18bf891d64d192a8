import { systemClock } from '../../../src/core/clock.ts';
import type { Completed, ProviderEvent } from '../../../src/core/events.ts';
import type { Surface } from '../../../src/core/model.ts';
import { unknownModel } from '../../../src/core/model.ts';
import { Answer } from '../../../src/openai/answer/answer.ts';
import type { ApiSurface } from '../../../src/openai/answer/api-surface.ts';
import { ChatStream } from '../../../src/openai/chat/stream.ts';
import type { Exchange } from '../../../src/openai/http/exchange.ts';
import { ResponsesStream } from '../../../src/openai/responses/stream.ts';
import { aCall, drain } from '../../support/events.ts';
import { TOOLS } from './answers.ts';
import type { Chance } from './chance.ts';
import type { AResponse } from './framing.ts';

const CONTROLLER = { pause() {}, resume() {}, abort() {} };

export const CALL = aCall({
  request: {
    messages: [{ role: 'user', content: 'Hi' }],
    tools: TOOLS.map((name) => ({ name })),
  },
});

const SURFACES: Readonly<Record<Surface, ApiSurface>> = {
  chat_completions: {
    path: '/chat/completions',
    toRequest: () => ({}),
    newStream: (call, emit) => new ChatStream(call, emit),
  },
  responses: {
    path: '/responses',
    toRequest: () => ({}),
    newStream: (call, emit) => new ResponsesStream(call, emit),
  },
};

/** Everything that is read of a response whose body comes in exactly these pieces. */
export async function readPieces(surface: Surface, response: AResponse, chance: Chance) {
  const call = { ...CALL, target: { model: unknownModel('m'), surface } };
  const send = (_request: unknown, exchange: Exchange) => {
    // As undici does.
    const controller = CONTROLLER as unknown as Parameters<Exchange['onRequestStart']>[0];
    exchange.onRequestStart(controller);
    exchange.onResponseStart(controller, response.status ?? 200, { ...response.headers });
    for (const piece of chance.cut(response.body)) exchange.onResponseData(controller, piece);
    exchange.onResponseEnd();
  };
  const context = {
    transport: { send },
    upstreamMessages: true,
    buildRequest: async () => ({ origin: 'http://127.0.0.1', path: '/', method: 'POST' }) as never,
    clock: systemClock,
    stream: { afterFinishMs: 5_000, maxEventBytes: 2 ** 20 },
  };
  return drain((emit) => new Answer(call, emit, SURFACES[surface], context).run());
}

interface Folded {
  text: string;
  commentary: string;
  reasoning: string;
  refusal: string;
  calls: { id: string; name: string; args: string }[];
}

/** What the deltas add up to. */
export function foldDeltas(events: readonly ProviderEvent[]): Folded {
  const folded: Folded = { text: '', commentary: '', reasoning: '', refusal: '', calls: [] };
  for (const event of events) addDelta(folded, event);
  return folded;
}

function addDelta(folded: Folded, event: ProviderEvent): void {
  switch (event.type) {
    case 'textDelta':
      folded[event.phase === 'commentary' ? 'commentary' : 'text'] += event.text;
      break;
    case 'reasoningDelta':
      folded.reasoning += event.text;
      break;
    case 'refusalDelta':
      folded.refusal += event.text;
      break;
    case 'toolCallDelta': {
      folded.calls[event.index] ??= { id: '', name: '', args: '' };
      const call = folded.calls[event.index];
      if (call === undefined) break;
      call.id += event.id;
      call.name += event.name;
      call.args += event.argumentsFragment;
    }
  }
}

export function completedOf(events: readonly ProviderEvent[]): Completed {
  const last = events.at(-1);
  if (last?.type !== 'completed') throw new Error('the answer is not complete');
  return last;
}
