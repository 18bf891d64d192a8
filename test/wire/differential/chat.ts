import fc from 'fast-check';
import { type ACall, type AnAnswer, inTurns } from './answers.ts';
import type { Chance } from './chance.ts';
import type { AnEvent } from './framing.ts';
import { objectOf } from './object-of.ts';

/** How a Chat Completions server says things; docs/compatibility.md names who says them so. */
export const anyChatServer = fc.record({
  whole: fc.oneof(
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  text: fc.constantFrom(
    'deltas',
    'parts',
    'message beside empty delta',
    'message beside delta',
    'message grows',
    'message at end',
  ),
  reasoning: fc.constantFrom('reasoning_content', 'reasoning', 'both', 'parts'),
  role: fc.constantFrom('first', 'every', 'never'),
  choice: fc.constantFrom('index', 'no index', 'null index', 'calls in a second'),
  finish: fc.constantFrom('own chunk', 'last chunk', 'every chunk', 'stop before', 'before calls'),
  word: fc.nat(9),
  done: fc.constantFrom('done', 'no done'),
  usageAt: fc.constantFrom(
    'own chunk',
    'own chunk with choice',
    'finish chunk',
    'every chunk',
    'zeros first',
    'zeros last',
    'in choice',
    'behind done',
  ),
  usageAs: fc.constantFrom('openai', 'plain', 'nulls', 'deepseek', 'moonshot', 'xai', 'responses'),
  calls: fc.record({
    order: fc.constantFrom(
      'sequential',
      'one chunk',
      'interleaved',
      'headers first',
      'message',
      'deltas and message',
      'legacy',
    ),
    index: fc.constantFrom('right', 'zero', 'none', 'null', 'from one', 'gaps'),
    id: fc.constantFrom(
      'first',
      'every',
      'empty later',
      'null later',
      'late',
      'none',
      'empty',
      'new in every',
      'same',
    ),
    name: fc.constantFrom('first', 'every', 'empty later', 'pieces', 'grows', 'again at end'),
    args: fc.constantFrom('pieces', 'header alone', 'whole', 'object', 'empty at end'),
  }),
});

export type ChatServer = typeof anyChatServer extends fc.Arbitrary<infer T> ? T : never;

const WORDS = {
  stop: ['stop', 'eos', 'end_turn', 'stop_sequence', 'STOP', 'completed', 'FINISH_REASON_STOP'],
  calls: ['tool_calls', 'stop', 'tool_use', 'function_call', 'TOOL_CALLS', 'eos'],
  length: ['length', 'max_tokens', 'model_length', 'MAX_TOKENS'],
  content_filter: ['content_filter', 'sensitive', 'SAFETY'],
} as const;

/**
 * The server with what would be ambiguous to any reader taken out of it: where nothing tells two calls
 * apart, not even that the arguments of one are whole.
 */
export function withoutRiddles(server: ChatServer, answer: AnAnswer): ChatServer {
  return { ...server, calls: withPlainNames(withPlainIds(inOrder(server.calls, answer)), answer) };
}

type Calls = ChatServer['calls'];

function isNumbered({ index }: Calls): boolean {
  return index === 'right' || index === 'from one' || index === 'gaps';
}

function isMixed({ order }: Calls): boolean {
  return order === 'interleaved' || order === 'headers first';
}

function inOrder(server: Calls, answer: AnAnswer): Calls {
  const calls = { ...server };
  if (calls.order === 'legacy' && answer.calls.length !== 1) calls.order = 'sequential';
  if (calls.args === 'object' && answer.end === 'length') calls.args = 'pieces';
  if (isNumbered(calls)) return calls;
  if (isMixed(calls) && calls.id !== 'every') calls.order = 'sequential';
  const oneNumber = calls.index === 'zero';
  // A new id with a name and arguments may also be another id of the same call.
  if (isMixed(calls) && oneNumber && calls.args !== 'header alone') calls.index = 'none';
  // Where nothing else does, whole arguments tell where a call ends.
  const told = ['first', 'every', 'empty later', 'null later'].includes(calls.id);
  const empty = calls.args === 'object' ? ['', '{}'] : [''];
  const endless = answer.calls.some(({ args }) => empty.includes(args));
  if (endless && (!told || calls.index === 'zero')) calls.index = 'right';
  return calls;
}

function withPlainIds(server: Calls): Calls {
  const calls = { ...server };
  // The id of a call comes before the next one begins.
  if (calls.id === 'late' && isMixed(calls)) calls.id = 'first';
  // Then the index alone tells them apart.
  if (calls.id === 'same' && !isNumbered(calls)) calls.id = 'first';
  if (calls.id !== 'new in every') return calls;
  if (!isNumbered(calls)) calls.id = 'every';
  // A new id and a name behind whole arguments begin a call.
  if (calls.args === 'empty at end') calls.args = 'pieces';
  return calls;
}

/** A tool's name may be the begin of another's, and whatever names a call is said before the next. */
function withPlainNames(calls: Calls, answer: AnAnswer): Calls {
  if (calls.name !== 'pieces' && calls.name !== 'grows') return calls;
  const isBegin = answer.calls.some(({ name }) => name.startsWith('search'));
  const plain = isBegin || isMixed(calls) || calls.id === 'new in every' || !isNumbered(calls);
  return plain ? { ...calls, name: 'first' } : calls;
}

type Delta = Record<string, unknown>;

export function toChatEvents(answer: AnAnswer, server: ChatServer, chance: Chance): AnEvent[] {
  const said = new Conversation(server, answer);
  if (server.role === 'first')
    said.delta({ role: 'assistant', content: chance.nat(2) ? '' : null });
  for (const piece of chance.pieces(answer.reasoning)) said.delta(reasoningOf(piece, server));
  const first = server.finish === 'before calls' && answer.calls.length > 0;
  sayText(said, answer, server, chance);
  for (const piece of chance.pieces(answer.refusal)) said.delta({ refusal: piece });
  if (first) said.delta({}, wordOf(answer, server));
  for (const delta of callDeltas(answer.calls, server.calls, chance)) said.call(delta);
  if (isWholeMessage(server.calls))
    said.message(
      { tool_calls: answer.calls.map((call) => wholeCall(call, server.calls)) },
      answer.calls.length > 0,
    );
  return said.events(chance);
}

/** The same answer in one body. */
export function toCompletion(answer: AnAnswer, server: ChatServer): object {
  const { order } = server.calls;
  const message: Delta = {
    role: 'assistant',
    ...(server.reasoning === 'parts'
      ? { reasoning_content: answer.reasoning }
      : reasoningOf(answer.reasoning, server)),
    content: server.text === 'parts' ? [{ type: 'text', text: answer.text }] : answer.text || null,
    ...(answer.refusal !== '' && { refusal: answer.refusal }),
  };
  const called = answer.calls.map((call) => wholeCall(call, server.calls));
  const calls =
    order === 'legacy' ? { function_call: called[0]?.function } : { tool_calls: called };
  const finish_reason = wordOf(answer, server);
  const two = server.choice === 'calls in a second' && called.length > 0;
  const choices = two
    ? [
        { index: 0, message, finish_reason },
        { index: 1, message: { role: 'assistant', content: null, ...calls }, finish_reason },
      ]
    : [{ index: 0, message: { ...message, ...(called.length > 0 && calls) }, finish_reason }];
  const usage = usageOf(answer, server);
  return { id: 'c1', object: 'chat.completion', model: 'm', choices, ...(usage && { usage }) };
}

/** Gathers chunks, and says the end where the server does. */
class Conversation {
  readonly #server: ChatServer;
  readonly #answer: AnAnswer;
  readonly #choices: Delta[] = [];

  constructor(server: ChatServer, answer: AnAnswer) {
    this.#server = server;
    this.#answer = answer;
  }

  delta(delta: Delta, finish: string | null = null): void {
    const role = this.#server.role === 'every' ? { role: 'assistant' } : {};
    this.#choices.push({ ...this.#index(), delta: { ...role, ...delta }, finish_reason: finish });
  }

  call(delta: Delta): void {
    if (this.#server.choice === 'calls in a second') {
      this.#choices.push({ index: 1, delta, finish_reason: null });
    } else {
      this.delta(delta);
    }
  }

  message(message: Delta, says: boolean, delta?: Delta): void {
    if (says)
      this.#choices.push({
        ...this.#index(),
        ...(delta && { delta }),
        message,
        finish_reason: null,
      });
  }

  events(chance: Chance): AnEvent[] {
    this.#end();
    const chunks: Delta[] = this.#choices.map((choice) => ({ ...BARE, choices: [choice] }));
    const usage = usageOf(this.#answer, this.#server);
    const late = usage === undefined ? [] : addUsage(chunks, usage, this.#server, chance);
    const isMarked = this.#server.done === 'done' || late.length > 0;
    const marker: AnEvent[] = isMarked ? [{ data: '[DONE]' }] : [];
    return [...chunks.map((data) => ({ data })), ...marker, ...late];
  }

  #end(): void {
    const { finish } = this.#server;
    const word = wordOf(this.#answer, this.#server);
    const last = this.#choices.at(-1);
    if (finish === 'stop before' && this.#answer.end !== 'content_filter') this.delta({}, 'stop');
    if (last === undefined || finish !== 'last chunk') this.delta({}, word);
    else last.finish_reason = word;
    if (finish === 'every chunk') for (const choice of this.#choices) choice.finish_reason = word;
  }

  #index(): Delta {
    switch (this.#server.choice) {
      case 'no index':
        return {};
      case 'null index':
        return { index: null };
      default:
        return { index: 0 };
    }
  }
}

const BARE = { id: 'c1', object: 'chat.completion.chunk', model: 'm', choices: [] };
const ZEROS = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** Returns what comes behind `[DONE]`. */
function addUsage(
  chunks: Delta[],
  usage: object,
  { usageAt }: ChatServer,
  chance: Chance,
): AnEvent[] {
  const [begin = {}] = chunks;
  const [end = begin] = chunks.slice(-1);
  switch (usageAt) {
    case 'own chunk':
      if (chance.nat(2) === 0) for (const chunk of chunks) chunk.usage = null;
      chunks.push({ ...BARE, usage });
      break;
    case 'own chunk with choice':
      chunks.push({ ...BARE, choices: [{ index: 0, delta: { content: '' } }], usage });
      break;
    case 'finish chunk':
      end.usage = usage;
      break;
    case 'every chunk':
      chunks.forEach((chunk, i) => {
        chunk.usage = { prompt_tokens: 1, completion_tokens: i, total_tokens: i + 1 };
      });
      end.usage = usage;
      break;
    case 'zeros first':
      begin.usage = ZEROS;
      end.usage = usage;
      break;
    case 'zeros last':
      end.usage = usage;
      chunks.push({ ...BARE, usage: ZEROS });
      break;
    case 'in choice':
      for (const choice of [end.choices].flat().slice(-1)) Object.assign(choice ?? {}, { usage });
      break;
    case 'behind done':
      return [{ data: { ...BARE, usage } }];
  }
  return [];
}

function sayText(said: Conversation, { text }: AnAnswer, server: ChatServer, chance: Chance): void {
  const pieces = chance.pieces(text);
  let before = '';
  for (const piece of pieces) {
    before += piece;
    switch (server.text) {
      case 'deltas':
      case 'message at end':
        said.delta({ content: piece });
        break;
      case 'parts':
        said.delta({ content: [{ type: 'text', text: piece }] });
        break;
      case 'message beside delta':
        said.message({ content: before }, true, { content: piece });
        break;
      case 'message beside empty delta':
        said.message({ content: before }, true, { content: '' });
        break;
      case 'message grows':
        said.message({ content: before }, true);
        break;
    }
  }
  if (server.text === 'message at end') said.message({ content: text }, text !== '', {});
}

function reasoningOf(text: string, { reasoning }: ChatServer): Delta {
  switch (reasoning) {
    case 'both':
      return { content: null, reasoning_content: text, reasoning: text };
    case 'parts':
      return { content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }] };
    default:
      return { content: '', [reasoning]: text };
  }
}

function wordOf({ end, calls, text }: AnAnswer, { word }: ChatServer): string {
  const kind = end === 'stop' && calls.length > 0 ? 'calls' : end;
  const words: readonly string[] = WORDS[kind];
  const chosen = words[word % words.length] ?? '';
  // Says that it called and did not, but only where it said anything else.
  return kind === 'stop' && text !== '' && word === 9 ? 'tool_calls' : chosen;
}

function usageOf({ usage }: AnAnswer, { usageAs }: ChatServer): object | undefined {
  if (usage === undefined) return undefined;
  const { input, output, cached, reasoning } = usage;
  const main = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  const outputDetails = { completion_tokens_details: { reasoning_tokens: reasoning } };
  switch (usageAs) {
    case 'openai':
    case 'plain':
      return {
        ...main,
        prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
        ...outputDetails,
      };
    case 'nulls':
      return {
        ...main,
        prompt_tokens_details: { cached_tokens: cached, audio_tokens: null },
        completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: null },
      };
    case 'deepseek':
      return {
        ...main,
        prompt_cache_hit_tokens: cached,
        prompt_cache_miss_tokens: input - cached,
        ...outputDetails,
      };
    case 'moonshot':
      return { ...main, cached_tokens: cached, ...outputDetails };
    case 'xai':
      return {
        ...main,
        completion_tokens: output - reasoning,
        prompt_tokens_details: { cached_tokens: cached },
        ...outputDetails,
      };
    case 'responses':
      return {
        input_tokens: input,
        output_tokens: output,
        total_tokens: input + output,
        input_tokens_details: { cached_tokens: cached },
        output_tokens_details: { reasoning_tokens: reasoning },
      };
  }
}

function isWholeMessage({ order }: Calls): boolean {
  return order === 'message' || order === 'deltas and message';
}

function wholeCall({ id, name, args }: ACall, style: Calls): { function: Delta; id?: unknown } {
  const withId = style.id === 'none' ? {} : style.id === 'empty' ? { id: '' } : { id };
  return {
    ...withId,
    function: { name, arguments: style.args === 'object' ? objectOf(args) : args },
  };
}

function callDeltas(calls: readonly ACall[], style: Calls, chance: Chance): Delta[] {
  if (style.order === 'message') return [];
  const fragments = calls.map((call, place) => fragmentsOf(call, place, style, chance));
  switch (style.order) {
    case 'legacy':
      return fragments.flat().map((fragment) => ({ function_call: fragment.function }));
    case 'one chunk':
      return fragments.length === 0 ? [] : [{ tool_calls: fragments.flat() }];
    case 'interleaved':
      return inTurns(fragments).map((fragment) => ({ tool_calls: [fragment] }));
    case 'headers first':
      return [
        ...fragments.map(([header]) => header),
        ...inTurns(fragments.map(([, ...rest]) => rest)),
      ]
        .filter((fragment) => fragment !== undefined)
        .map((fragment) => ({ tool_calls: [fragment] }));
    default:
      return fragments.flat().map((fragment) => ({ tool_calls: [fragment] }));
  }
}

interface Fragment {
  function: Delta;
  readonly [field: string]: unknown;
}

function fragmentsOf(call: ACall, place: number, style: Calls, chance: Chance): Fragment[] {
  const pieces: unknown[] = argumentPieces(call.args, style, chance);
  const names = namePieces(call.name, style, chance);
  // A name is whole before its arguments begin.
  if (names.length > 1) pieces.unshift(...names.slice(1).map(() => ''));
  const last = pieces.length - 1;
  return pieces.map((piece, i) => ({
    ...indexOf(place, style),
    ...idOf(call, i, last, style),
    ...(i === 0 && { type: 'function' }),
    function: { ...nameOf(call, names, i, last, style), arguments: piece },
  }));
}

function argumentPieces(args: string, style: Calls, chance: Chance): unknown[] {
  switch (style.args) {
    case 'header alone':
      return ['', ...chance.pieces(args)];
    case 'whole':
      return [args];
    case 'object':
      return [style.args === 'object' ? objectOf(args) : args];
    case 'empty at end':
      return [...(args === '' ? [''] : chance.pieces(args)), ''];
    case 'pieces':
      return args === '' ? [''] : chance.pieces(args);
  }
}

function namePieces(name: string, style: Calls, chance: Chance): string[] {
  if (style.name !== 'pieces' && style.name !== 'grows') return [name];
  const pieces = chance.pieces(name);
  if (style.name === 'pieces') return pieces;
  return pieces.map((_, i) => pieces.slice(0, i + 1).join(''));
}

function nameOf(
  { name }: ACall,
  names: readonly string[],
  i: number,
  last: number,
  style: Calls,
): Delta {
  const piece = names[i];
  if (piece !== undefined) return { name: piece };
  switch (style.name) {
    case 'every':
      return { name };
    case 'empty later':
      return { name: '' };
    case 'again at end':
      return i === last ? { name } : {};
    default:
      return {};
  }
}

function indexOf(place: number, { index }: Calls): Delta {
  switch (index) {
    case 'right':
      return { index: place };
    case 'from one':
      return { index: place + 1 };
    case 'gaps':
      return { index: place * 2 };
    case 'zero':
      return { index: 0 };
    case 'null':
      return { index: null };
    case 'none':
      return {};
  }
}

function idOf({ id }: ACall, i: number, last: number, style: Calls): Delta {
  switch (style.id) {
    case 'first':
      return i === 0 ? { id } : {};
    case 'every':
      return { id };
    case 'empty later':
      return { id: i === 0 ? id : '' };
    case 'null later':
      return { id: i === 0 ? id : null };
    case 'late':
      return i === last ? { id } : {};
    case 'new in every':
      return { id: i === 0 ? id : `${id}_${i}` };
    case 'same':
      return { id: 'call_same' };
    case 'empty':
      return { id: '' };
    case 'none':
      return {};
  }
}

/** Whether the ids arrive at all. */
export function hasIds({ calls }: ChatServer): boolean {
  return !['none', 'empty', 'same'].includes(calls.id) && calls.order !== 'legacy';
}
