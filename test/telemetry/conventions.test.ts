import { describe, expect, it } from '@jest/globals';
import { ATTRIBUTE } from '../../src/telemetry/attributes.ts';
import type { MetricDefinition } from '../../src/telemetry/metric-definition.ts';
import { METRICS } from '../../src/telemetry/metrics.ts';

/*
 * What the model files of the conventions say, written down from them and not from this program:
 * open-telemetry/semantic-conventions v1.44.0, model/{rpc,process,nodejs}, with rpc.status_code as 1.45.0 has it, and
 * open-telemetry/semantic-conventions-genai, model/gen-ai/{metrics,token-metrics,spans}.yaml of November 2026.
 */

interface Conventional {
  readonly kind: 'histogram' | 'counter' | 'updowncounter' | 'gauge';
  readonly unit: string;
  readonly required?: readonly string[];
  readonly others?: readonly string[];
}

const ATTEMPT = {
  required: ['gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.request.model'],
  others: [
    'gen_ai.response.model',
    'server.address',
    'server.port',
    'openai.response.service_tier',
    'openai.response.system_fingerprint',
  ],
} as const;
const seconds: Conventional = { kind: 'histogram', unit: 's', ...ATTEMPT };
const failing = { others: [...ATTEMPT.others, 'error.type'] };
const tokensOfOne: Conventional = { kind: 'histogram', unit: '{token}', ...ATTEMPT, ...failing };
const tokensUsed: Conventional = {
  kind: 'counter',
  unit: '{token}',
  required: [...ATTEMPT.required, 'gen_ai.token.modality'],
  others: ATTEMPT.others,
};

const MODEL: Readonly<Record<string, Conventional>> = {
  'rpc.server.call.duration': {
    kind: 'histogram',
    unit: 's',
    required: ['rpc.system.name'],
    others: ['rpc.method', 'rpc.status_code', 'error.type', 'server.address', 'server.port'],
  },
  'gen_ai.client.inference.duration': { ...seconds, ...failing },
  'gen_ai.client.inference.time_to_first_chunk': seconds,
  'gen_ai.client.inference.time_per_output_chunk': seconds,
  'gen_ai.client.inference.usage.input_tokens': tokensUsed,
  'gen_ai.client.inference.usage.output_tokens': tokensUsed,
  'gen_ai.client.inference.usage.cache_read.input_tokens': tokensUsed,
  'gen_ai.client.inference.usage.cache_write.input_tokens': tokensUsed,
  'gen_ai.client.inference.usage.reasoning.output_tokens': tokensUsed,
  'gen_ai.client.inference.operation.input_tokens': tokensOfOne,
  'gen_ai.client.inference.operation.output_tokens': tokensOfOne,
  'process.cpu.time': { kind: 'counter', unit: 's', required: ['cpu.mode'] },
  'process.memory.usage': { kind: 'updowncounter', unit: 'By' },
  'nodejs.eventloop.delay.p99': { kind: 'gauge', unit: 's' },
};

/** Attributes of spans: of an RPC's server, and of a client's inference at OpenAI. */
const OF_SPANS = [
  ...['rpc.system.name', 'rpc.method', 'rpc.method_original', 'rpc.status_code', 'error.type'],
  ...['server.address', 'server.port', 'network.peer.address', 'network.peer.port'],
  ...['gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.output.type'],
  ...['gen_ai.conversation.compacted', 'gen_ai.request.model', 'gen_ai.request.stream'],
  ...['gen_ai.request.seed', 'gen_ai.request.max_tokens', 'gen_ai.request.temperature'],
  ...['gen_ai.request.top_p', 'gen_ai.request.frequency_penalty'],
  ...['gen_ai.request.presence_penalty', 'gen_ai.request.stop_sequences'],
  ...['gen_ai.request.reasoning.level', 'gen_ai.response.id', 'gen_ai.response.model'],
  ...['gen_ai.response.finish_reasons', 'gen_ai.response.time_to_first_chunk'],
  ...['gen_ai.system_instructions', 'gen_ai.input.messages', 'gen_ai.output.messages'],
  ...['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens'],
  ...['gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_write.input_tokens'],
  ...['gen_ai.usage.reasoning.output_tokens', 'openai.api.type', 'openai.request.service_tier'],
  ...['openai.response.service_tier', 'openai.response.system_fingerprint'],
];
const OF_METRICS = ['gen_ai.token.modality', 'cpu.mode'];
const OF_RESOURCES = ['service.name', 'service.version'];

const isOwn = (name: string) => name.startsWith('tamma.provider.');

const others = Object.values<MetricDefinition>(METRICS).filter(({ name }) => !isOwn(name));

describe.each(others.map((metric) => [metric.name, metric] as const))('%s', (name, metric) => {
  const conventional = MODEL[name];

  it('is of the kind and the unit of the conventions', () => {
    const kind = metric.kind.replace('observable', '').toLowerCase();
    expect({ kind, unit: metric.unit }).toEqual({
      kind: conventional?.kind,
      unit: conventional?.unit,
    });
  });

  it('has the attributes that it must have, and no others than it may', () => {
    const { required = [], others: recommended = [] } = conventional ?? {};
    expect(metric.attributes).toEqual(expect.arrayContaining([...required]));
    const allowed = [...required, ...recommended];
    expect(metric.attributes.filter((key) => !allowed.includes(key))).toEqual([]);
  });
});

it('all that the conventions ask for is there', () => {
  expect(others.map(({ name }) => name).sort()).toEqual(Object.keys(MODEL).sort());
});

it('attributes have names of the conventions, or of this program', () => {
  const known = [...OF_SPANS, ...OF_METRICS, ...OF_RESOURCES];
  const unknown = Object.values(ATTRIBUTE).filter((key) => !isOwn(key) && !known.includes(key));
  expect(unknown).toEqual([]);
});

it('own metrics have units as the conventions write them', () => {
  const units = Object.values<MetricDefinition>(METRICS).map(({ unit }) => unit);
  expect(units.filter((unit) => !/^(s|By|1|\{\w+\})$/.test(unit))).toEqual([]);
});
