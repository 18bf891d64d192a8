import fc from 'fast-check';
import { type AnAnswer, inTurns } from './answers.ts';
import type { Chance } from './chance.ts';
import type { AnEvent } from './framing.ts';
import { objectOf } from './object-of.ts';

/** Where a text may be said; what is said in several places is the same text. */
const anyPlaces = fc
  .record({
    deltas: fc.constantFrom('all', 'begin', 'none'),
    done: fc.boolean(),
    part: fc.boolean(),
    item: fc.boolean(),
    output: fc.boolean(),
  })
  .map((places) => {
    const said = places.done || places.part || places.item || places.output;
    return said ? places : { ...places, deltas: 'all' as const };
  });
type Places = typeof anyPlaces extends fc.Arbitrary<infer T> ? T : never;

/** How a server of the Responses API says things; docs/compatibility.md names who says them so. */
export const anyResponsesServer = fc.record({
  whole: fc.constantFrom('stream', 'stream', 'stream', 'stream', 'json', 'json in an event'),
  text: anyPlaces,
  refusal: anyPlaces,
  arguments: anyPlaces,
  argumentsInAdded: fc.boolean(),
  objects: fc.boolean(),
  reasoning: anyPlaces,
  reasoningAs: fc.constantFrom('text', 'summary', 'both'),
  added: fc.boolean().map((not) => !not),
  index: fc.constantFrom('right', 'missing', 'shared'),
  ids: fc.constantFrom('all', 'in items', 'missing', 'new in every event'),
  callIds: fc.boolean().map((not) => !not),
  parts: fc.constantFrom(1, 2),
  phases: fc.constantFrom('none', 'final', 'both'),
  calls: fc.constantFrom('in order', 'in turns'),
  output: fc.constantFrom('said', 'empty', 'null', 'left out'),
  outputIds: fc.constantFrom('same', 'other', 'missing'),
  names: fc.constantFrom('both', 'type', 'name'),
  end: fc.constantFrom('response.completed', 'response.done'),
  status: fc.constantFrom('completed', 'complete', undefined),
  unknown: fc.boolean(),
  done: fc.boolean(),
  usageAs: fc.constantFrom('openai', 'nulls', 'chat'),
});

export type ResponsesServer = typeof anyResponsesServer extends fc.Arbitrary<infer T> ? T : never;

/** What comes where and is ambiguous to any reader, taken out. */
export function withoutRiddles(any: ResponsesServer, answer: AnAnswer): ResponsesServer {
  const server = { ...any };
  if (answer.end === 'length') server.objects = false;
  const places: Places[] = [server.text, server.refusal, server.arguments, server.reasoning];
  const inOutput = places.some(({ output }) => output);
  // An output that is not there says nothing.
  if (inOutput && server.output !== 'said') server.output = 'said';
  // What is left of a text when another one has followed is not told in its place.
  const { deltas, done, part, item } = server.text;
  if (deltas === 'begin' && !done && !part) server.parts = 1;
  if (deltas === 'begin' && !done && !part && !item && server.phases === 'both')
    server.phases = 'none';
  // A whole answer that says neither that it is one nor anything else.
  if (server.whole !== 'stream') server.status ??= 'completed';
  // A delta has no phase of its own, and a call without arguments has none.
  const named = server.arguments.item || server.output === 'said';
  const silent = answer.calls.some(({ args }) => args === '' || !named);
  if (server.phases !== 'none' || silent) server.added = true;
  // What begins and what ends an item hold those ids together.
  if (server.ids === 'new in every event') {
    server.added = true;
    server.callIds = true;
  }
  // Neither ids nor places: then only one of a kind is after the other.
  if (server.ids !== 'all' && server.index !== 'right') {
    server.calls = 'in order';
    server.added = true;
  }
  return server;
}

interface Part {
  readonly refusal: boolean;
  readonly text: string;
}

interface Item {
  readonly kind: 'reasoning' | 'message' | 'function_call';
  readonly id: string;
  readonly phase?: string;
  readonly parts: readonly Part[];
  readonly call?: { readonly id: string; readonly name: string; readonly args: string };
  readonly index: number;
}

type Body = Record<string, unknown>;

/** The commentary that goes before an answer, where the server has phases. */
export const COMMENTARY = 'I look it up 😀.';

export function commentaryOf({ phases }: ResponsesServer): string {
  return phases === 'both' ? COMMENTARY : '';
}

function itemsOf(answer: AnAnswer, server: ResponsesServer): Item[] {
  const items: Omit<Item, 'index'>[] = [];
  if (answer.reasoning !== '') {
    items.push({ kind: 'reasoning', id: 'rs_1', parts: partsOf(answer.reasoning, false, 1) });
  }
  const message = (id: string, parts: readonly Part[], phase?: string) => {
    items.push({ kind: 'message', id, parts, ...(phase !== undefined && { phase }) });
  };
  if (server.phases === 'both') message('msg_0', partsOf(COMMENTARY, false, 1), 'commentary');
  const parts = [...partsOf(answer.text, false, server.parts), ...partsOf(answer.refusal, true, 1)];
  if (parts.length > 0)
    message('msg_1', parts, server.phases === 'none' ? undefined : 'final_answer');
  for (const call of answer.calls) {
    items.push({ kind: 'function_call', id: `fc_${call.id}`, parts: [], call });
  }
  return items.map((item, index) => ({ ...item, index }));
}

function partsOf(text: string, refusal: boolean, count: number): Part[] {
  const half = count === 2 ? Math.ceil(text.length / 2) : text.length;
  return [text.slice(0, half), text.slice(half)]
    .filter((piece) => piece !== '')
    .map((piece) => ({ refusal, text: piece }));
}

export function toResponsesEvents(
  answer: AnAnswer,
  server: ResponsesServer,
  chance: Chance,
): AnEvent[] {
  const items = itemsOf(answer, server);
  const base = { id: 'resp_1', object: 'response', model: 'm' };
  const events: Body[] = [
    { type: 'response.created', response: { ...base, status: 'in_progress', output: [] } },
  ];
  if (server.unknown) events.push({ type: 'response.shiny.delta', delta: 7, output_index: 'x' });
  const streams = items.map((item) => itemEvents(item, server, chance));
  const calls = streams.filter((_, i) => items[i]?.kind === 'function_call');
  const others = streams.filter((_, i) => items[i]?.kind !== 'function_call');
  events.push(...others.flat());
  events.push(...(server.calls === 'in turns' ? inTurns(calls) : calls.flat()));
  events.push({
    type: endOf(answer, server),
    response: { ...base, ...finalOf(answer, items, server) },
  });
  const marker: AnEvent[] = server.done ? [{ data: '[DONE]' }] : [];
  return [...events.map((event) => named(event, server)), ...marker];
}

/** The same answer in one body. */
export function toResponse(answer: AnAnswer, server: ResponsesServer): object {
  const said = { deltas: 'none', done: true, part: true, item: true, output: true } as const;
  const whole = {
    ...server,
    text: said,
    refusal: said,
    arguments: said,
    reasoning: said,
    output: 'said' as const,
  };
  const response = {
    id: 'resp_1',
    object: 'response',
    model: 'm',
    ...finalOf(answer, itemsOf(answer, whole), whole),
  };
  return server.whole === 'json' ? response : { type: endOf(answer, server), response };
}

function endOf({ end }: AnAnswer, server: ResponsesServer): string {
  return end === 'stop' ? server.end : 'response.incomplete';
}

function finalOf(answer: AnAnswer, items: readonly Item[], server: ResponsesServer): Body {
  const { end } = answer;
  const reason = end === 'length' ? 'max_output_tokens' : 'content_filter';
  const usage = usageOf(answer, server);
  const output = items.map((item) => wholeItem(item, server, 'output'));
  const outputs = {
    said: { output },
    empty: { output: [] },
    null: { output: null },
    'left out': {},
  };
  return {
    ...(end === 'stop'
      ? { status: server.status, incomplete_details: null }
      : { status: 'incomplete', incomplete_details: { reason } }),
    ...outputs[server.output],
    ...(usage && { usage }),
  };
}

function usageOf({ usage }: AnAnswer, { usageAs }: ResponsesServer): object | undefined {
  if (usage === undefined) return undefined;
  const { input, output, cached, reasoning } = usage;
  const total_tokens = input + output;
  if (usageAs === 'chat') {
    return {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens,
      prompt_tokens_details: { cached_tokens: cached },
      completion_tokens_details: { reasoning_tokens: reasoning },
    };
  }
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: cached,
      ...(usageAs === 'nulls' && { audio_tokens: null }),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens,
  };
}

function named(event: Body, { names }: ResponsesServer): AnEvent {
  const name = String(event.type);
  switch (names) {
    case 'both':
      return { name, data: event };
    case 'type':
      return { data: event };
    case 'name': {
      const { type: _, ...rest } = event;
      return { name, data: rest };
    }
  }
}

function itemEvents(item: Item, server: ResponsesServer, chance: Chance): Body[] {
  const place = {
    ...(server.index === 'right' && { output_index: item.index }),
    ...(server.index === 'shared' && { output_index: 0 }),
  };
  const at = { ...itemIdOf(item, server), ...place };
  const events: Body[] = [];
  if (server.added) {
    events.push({
      type: 'response.output_item.added',
      ...place,
      item: wholeItem(item, server, 'added'),
    });
  }
  if (item.call !== undefined) events.push(...argumentEvents(item.call.args, at, server, chance));
  item.parts.forEach((part, content_index) => {
    if (item.kind === 'reasoning') events.push(...reasoningEvents(part.text, at, server, chance));
    else events.push(...partEvents(part, { ...at, content_index }, server, chance));
  });
  if (placesOf(item, server).some((places) => places.item)) {
    events.push({
      type: 'response.output_item.done',
      ...place,
      item: wholeItem(item, server, 'item'),
    });
  }
  if (server.ids === 'new in every event')
    for (const event of events) if (!event.item) event.item_id = newId();
  return events;
}

let rotated = 0;

/** Ids that are never the same twice. */
function newId(): string {
  rotated += 1;
  return `rotated_${rotated}`;
}

function itemIdOf({ id }: Item, { ids }: ResponsesServer): Body {
  return ids === 'all' ? { item_id: id } : {};
}

function placesOf(item: Item, server: ResponsesServer): Places[] {
  if (item.kind === 'function_call') return [server.arguments];
  if (item.kind === 'reasoning') return [server.reasoning];
  return item.parts.map(({ refusal }) => (refusal ? server.refusal : server.text));
}

function deltasOf(text: string, { deltas }: Places, chance: Chance): string[] {
  if (deltas === 'none') return [];
  return chance.pieces(deltas === 'all' ? text : text.slice(0, Math.floor(text.length / 2)));
}

function argumentEvents(args: string, at: Body, server: ResponsesServer, chance: Chance): Body[] {
  const type = 'response.function_call_arguments';
  const places = server.arguments;
  if (server.added && server.argumentsInAdded) return [];
  const events: Body[] = deltasOf(args, places, chance).map((delta) => ({
    type: `${type}.delta`,
    ...at,
    delta,
  }));
  if (places.done || places.part)
    events.push({ type: `${type}.done`, ...at, arguments: argumentsOf(args, server) });
  return events;
}

function partEvents(
  { refusal, text }: Part,
  at: Body,
  server: ResponsesServer,
  chance: Chance,
): Body[] {
  const places = refusal ? server.refusal : server.text;
  const type = refusal ? 'response.refusal' : 'response.output_text';
  const events: Body[] = deltasOf(text, places, chance).map((delta) => ({
    type: `${type}.delta`,
    ...at,
    delta,
  }));
  if (places.done)
    events.push({ type: `${type}.done`, ...at, [refusal ? 'refusal' : 'text']: text });
  if (places.part) {
    const part = refusal
      ? { type: 'refusal', refusal: text }
      : { type: 'output_text', text, annotations: [] };
    events.push({ type: 'response.content_part.done', ...at, part });
  }
  return events;
}

const TEXT = {
  event: 'response.reasoning_text',
  place: 'content_index',
  part: 'reasoning_text',
  partDone: 'response.content_part.done',
};
const SUMMARY = {
  event: 'response.reasoning_summary_text',
  place: 'summary_index',
  part: 'summary_text',
  partDone: 'response.reasoning_summary_part.done',
};
const REASONING = { text: [TEXT], summary: [SUMMARY], both: [TEXT, SUMMARY] };

function reasoningEvents(text: string, at: Body, server: ResponsesServer, chance: Chance): Body[] {
  const places = server.reasoning;
  return REASONING[server.reasoningAs].flatMap(({ event, place, part, partDone }) => {
    const where = { ...at, [place]: 0 };
    const deltas = deltasOf(text, places, chance);
    return [
      ...deltas.map((delta) => ({ type: `${event}.delta`, ...where, delta })),
      ...(places.done ? [{ type: `${event}.done`, ...where, text }] : []),
      ...(places.part ? [{ type: partDone, ...where, part: { type: part, text } }] : []),
    ];
  });
}

type When = 'added' | 'item' | 'output';

/** @param when `added` has no texts yet, `item` and `output` have what the server says there */
function wholeItem(item: Item, server: ResponsesServer, when: When): Body {
  const { kind: type } = item;
  return { type, ...idOf(item, server, when), ...WHOLE[type](item, server, when) };
}

const WHOLE: Readonly<
  Record<Item['kind'], (item: Item, server: ResponsesServer, when: When) => Body>
> = {
  function_call: ({ call }, server, when) => {
    const says = when === 'added' ? server.argumentsInAdded : server.arguments[when];
    return {
      ...(server.callIds && { call_id: call?.id }),
      name: call?.name,
      arguments: says ? argumentsOf(call?.args ?? '', server) : '',
    };
  },
  reasoning: ({ parts }, { reasoning, reasoningAs }, when) => {
    const said = when !== 'added' && reasoning[when] ? parts : [];
    const as = (type: string) => said.map(({ text }) => ({ type, text }));
    return {
      summary: reasoningAs === 'text' ? [] : as('summary_text'),
      content: reasoningAs === 'summary' ? [] : as('reasoning_text'),
    };
  },
  message: ({ parts, phase }, server, when) => {
    const said = parts.filter(
      ({ refusal }) => when !== 'added' && (refusal ? server.refusal : server.text)[when],
    );
    const content = said.map(({ refusal, text }) =>
      refusal ? { type: 'refusal', refusal: text } : { type: 'output_text', text, annotations: [] },
    );
    return { role: 'assistant', content, ...(phase !== undefined && { phase }) };
  },
};

function idOf({ id }: Item, { ids, outputIds, callIds }: ResponsesServer, when: string): Body {
  if (ids === 'new in every event') return { id: newId() };
  if (ids === 'missing' && callIds) return {};
  if (when !== 'output' || outputIds === 'same' || !callIds) return { id };
  return outputIds === 'missing' ? {} : { id: `${id}_again` };
}

function argumentsOf(args: string, { objects }: ResponsesServer): unknown {
  return objects ? objectOf(args) : args;
}
