import { expect, it } from '@jest/globals';
import type { Call, Handler } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { Flow } from '../../../src/core/flow.ts';
import { pause } from '../../../src/core/pause.ts';
import { aCall, completed, drain, started, text, textIn } from '../../support/events.ts';
import { aModel } from '../../support/models.ts';
import { random as seeded } from '../../support/random.ts';
import { aBudget, openBook, settled } from '../budget/books.ts';
import { aCharge, COST, sharedWithin } from './within-budgets.ts';

const PIECES = 200;
const MODEL = aModel({
  prices: { currency: 'USD', standard: { input: '1', output: '10' }, history: [] },
  maxOutputTokens: 1_000,
});
const WHOLE = Array.from({ length: PIECES }, (_, index) => `${index} `).join('');

it('asks the upstream once for a thousand that come, leave and dawdle', async () => {
  const limit = 10n ** 15n;
  const opened = openBook([aBudget({ scope: 'user', limit })]);
  const { book, clock } = opened;
  const random = seeded(17);
  let requests = 0;
  const upstream: Handler = async (call, emit) => {
    requests += 1;
    emit(started());
    for (let piece = 0; piece < PIECES; piece += 1) {
      await pause(10, call.signal, clock);
      emit(text(`${piece} `));
    }
    call.record.charges.push(aCharge());
    return completed();
  };
  const handler = sharedWithin(opened, upstream);
  const callers = Array.from({ length: 1_000 }, (_, index) => {
    const leaves = index % 3 === 0;
    const comesAt = index === 0 ? 0 : 1 + Math.floor(random() * 1_900);
    // The first ones are among those who leave: another has to pay.
    return { index, comesAt, leaves, leavesAt: comesAt + 5 + Math.floor(random() * 60) };
  });
  const ask = async (index: number, flow: Flow, signal: AbortSignal) => {
    const asked = {
      messages: [{ role: 'user' as const, content: 'Hello there!' }],
      cache: { coalesce: true },
      metadata: { user_id: `user-${index}`, project_id: 'apollo' },
    };
    const call: Call = aCall({
      asked,
      request: asked,
      flow,
      signal,
      target: { model: MODEL, surface: 'chat_completions' },
    });
    return { index, record: call.record, ...(await drain((emit) => handler(call, emit))) };
  };
  const answers: ReturnType<typeof ask>[] = [];
  const flows: Flow[] = [];
  for (const { index, comesAt, leaves, leavesAt } of callers) {
    const controller = new AbortController();
    clock.after(comesAt, () => {
      const flow = new Flow();
      if (index % 7 === 1) {
        flow.hold();
        flows.push(flow);
      }
      answers.push(ask(index, flow, controller.signal));
    });
    if (leaves) clock.after(leavesAt, () => controller.abort(new ProviderError('CANCELLED')));
  }
  for (let time = 0; time < 2_010; time += 5) {
    clock.advance(5);
    await settled();
  }
  for (const flow of flows) flow.release();
  const ended = await Promise.all(answers);

  expect(requests).toBe(1);
  const [gone, there] = [ended.filter(({ error }) => error), ended.filter(({ error }) => !error)];
  expect(gone.every(({ error }) => (error as ProviderError).reason === 'CANCELLED')).toBe(true);
  expect(gone.length).toBeGreaterThan(300);
  for (const { events } of there) expect(textIn(events)).toBe(WHOLE);
  // However many follow, and however far they are behind, the answer is in memory once.
  const deltas = there.flatMap(({ events }) => events.filter(({ type }) => type === 'textDelta'));
  expect(deltas).toHaveLength(there.length * PIECES);
  expect(new Set(deltas).size).toBe(PIECES);
  const ends = there.map(({ events }) => events.at(-1));
  const payers = there.filter(({ events }) => {
    const last = events.at(-1);
    return last?.type === 'completed' && !last.shared;
  });
  expect(payers).toHaveLength(1);
  expect(ends.filter((end) => end?.type === 'completed' && end.saved)).toHaveLength(
    there.length - 1,
  );
  // The earliest of those who stayed.
  const stayed = callers.filter(({ leaves }) => !leaves).sort((a, b) => a.comesAt - b.comesAt);
  expect(payers[0]?.index).toBe(stayed[0]?.index);
  const spent = book.states({}).filter((state) => state.spent > 0n);
  expect(spent.map((state) => [state.subject, state.spent])).toEqual([
    [`user-${payers[0]?.index}`, COST],
  ]);
  expect(book.states({}).every(({ reserved }) => reserved === 0n)).toBe(true);
});
