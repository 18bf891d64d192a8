/**
 * What preparing a call costs: `node bench/prepare.ts`. CPU time of this process, in microseconds
 * per call; the median of several rounds, and the best of them.
 */
import { createNoopMeter } from '@opentelemetry/api';
import type { Call } from '../src/core/call.ts';
import { systemClock } from '../src/core/clock.ts';
import type { Message, MessageRequest, Tool } from '../src/core/message.ts';
import { unknownModel } from '../src/core/model.ts';
import { DEFAULT_UPSTREAM } from '../src/core/route.ts';
import { builtInCatalogue } from '../src/request/catalogue/catalogue.ts';
import { NO_HOSTED_TOOLS } from '../src/request/fit/hosted-tool-options.ts';
import { DEFAULT_PROFILES } from '../src/request/profiles/defaults.ts';
import { DEFAULT_FALLBACK } from '../src/request/route/options.ts';
import { Router } from '../src/request/route/router.ts';
import { createInstruments } from '../src/telemetry/instruments.ts';
import { aCall } from '../test/support/events.ts';
import { type Column, figure, table } from './table.ts';

const ROUNDS = 15;
const CALLS = 2_000;
const TARGET_US = 30;

const RULES = {
  resolve: { openAI: true, unknownModels: 'refuse', shutDownModels: 'refuse', declared: [] },
  modelNames: {},
} as const;

const ROUTER = new Router(
  {
    home: 'default',
    defaultModel: 'gpt-5.4',
    dropUnsupported: false,
    hostedTools: NO_HOSTED_TOOLS,
    promptCache: 'off',
    refuseUnpriced: false,
    profiles: DEFAULT_PROFILES,
    upstreams: new Map([
      [DEFAULT_UPSTREAM, RULES],
      ['azure', { ...RULES, modelNames: { 'gpt-5.4': 'prod' } }],
    ]),
    fallback: { ...DEFAULT_FALLBACK, chains: [{ pattern: 'gpt-4*', routes: ['azure'] }] },
    shared: [],
  },
  {
    catalogue: builtInCatalogue,
    clock: systemClock,
    tokens: { countEach: () => Promise.reject(new Error('nothing here has to be counted')) },
    instruments: createInstruments(createNoopMeter()),
    partOf: () => 1,
  },
);

function short(): MessageRequest {
  return {
    model: 'gpt-5.4',
    messages: [
      { role: 'system', content: 'You are a careful reviewer of TypeScript.' },
      { role: 'user', content: 'Is this loop correct? for (let i = 0; i <= n; i++) sum += a[i];' },
    ],
    maxTokens: 1_000,
    reasoningEffort: 'low',
    taskType: 'code_review',
    metadata: { userId: 'u-1', issueId: '4711' },
  };
}

/** @param unique makes the schemas differ from those of every other call */
function tool(index: number, unique: string): Tool {
  const names = Array.from({ length: 8 }, (_, property) => `property${property}${unique}`);
  return {
    name: `tool_${index}`,
    description: 'Reads a file of the repository and answers with a part of it.',
    inputSchema: JSON.stringify({
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
      required: names,
      additionalProperties: false,
    }),
    strict: true,
  };
}

function withTools(unique: string): MessageRequest {
  return { ...short(), tools: Array.from({ length: 20 }, (_, index) => tool(index, unique)) };
}

function conversation(): MessageRequest {
  const turns = Array.from({ length: 12 }, (_, turn): Message[] => {
    const id = `call_${turn}`;
    const toolCalls = [{ id, name: 'tool_1', arguments: `{"path":"src/file${turn}.ts"}` }];
    return [
      { role: 'user', content: `And what about file ${turn}? ${'It is long. '.repeat(20)}` },
      { role: 'assistant', content: '', toolCalls },
      { role: 'tool', content: 'export const value = 1;\n'.repeat(80), toolCallId: id },
      { role: 'assistant', content: 'It is correct as far as I can see. '.repeat(10) },
    ];
  });
  const { messages } = short();
  return { ...short(), messages: [...messages.slice(0, 1), ...turns.flat(), ...messages.slice(1)] };
}

function callOf(request: MessageRequest): Call {
  return aCall({
    asked: request,
    request,
    model: request.model ?? '',
    target: { model: unknownModel(''), surface: 'chat_completions' },
  });
}

/** CPU microseconds per call. The calls are made beforehand: each is its own, as off the wire. */
function round(make: (index: number) => MessageRequest): number {
  const calls = Array.from({ length: CALLS }, (_, index) => callOf(make(index)));
  const before = process.cpuUsage();
  for (const call of calls) ROUTER.fit(ROUTER.first(call));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

const FALLBACKS = ['azure', 'gpt-5.4-mini', 'azure/gpt-4o'];
let serial = 0;
const SCENARIOS: readonly (readonly [string, () => MessageRequest])[] = [
  ['a short request', short],
  ['a short request with three fallbacks', () => ({ ...short(), fallbackModels: FALLBACKS })],
  ['20 tools, the same in every call', () => withTools('')],
  ['20 tools, new in every call', () => withTools(String(serial++))],
  ['a conversation of 50 messages', conversation],
];

interface Row {
  readonly name: string;
  readonly median: number;
  readonly best: number;
  readonly target: number | undefined;
}

function measure([name, make]: (typeof SCENARIOS)[number]): Row {
  const figures = Array.from({ length: ROUNDS }, () => round(make)).toSorted((a, b) => a - b);
  const [best = Number.NaN] = figures;
  const median = figures[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  return { name, median, best, target: make === short ? TARGET_US : undefined };
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'us of CPU per call', cell: ({ name }) => name },
  { title: 'median', cell: ({ median }) => figure(median, 1) },
  { title: 'best', cell: ({ best }) => figure(best, 1) },
  { title: 'at most', cell: ({ target }) => figure(target, 0) },
];

console.log(table(COLUMNS, SCENARIOS.map(measure)));
