import { once } from 'node:events';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { traceIds } from '../../src/telemetry/propagation.ts';
import { startTelemetry, type Telemetry, type TelemetryOptions } from '../../src/telemetry/sdk.ts';

const processEnvironment = process.env;
let telemetry: Telemetry | undefined;

/** Starts it as the process would be started: the SDK reads some variables by itself. */
function start(
  environment: Record<string, string> = {},
  options: Partial<TelemetryOptions> = {},
): Telemetry {
  process.env = { ...processEnvironment, ...environment };
  telemetry = startTelemetry({
    serviceName: 'test-service',
    serviceVersion: '1.2.3',
    environment,
    logger: { warn: () => undefined },
    ...options,
  });
  return telemetry;
}

async function scrape({ handleMetrics }: Telemetry): Promise<{ type: string; text: string }> {
  const server = createServer(handleMetrics);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
    headers: { connection: 'close' },
  });
  const text = await response.text();
  server.close();
  return { type: response.headers.get('content-type') ?? '', text };
}

function endedSpan({ tracer }: Telemetry, name: string): string {
  const span = tracer.startSpan(name);
  span.end();
  return span.spanContext().traceId;
}

beforeEach(() => {
  telemetry = undefined;
});

afterEach(async () => {
  await telemetry?.shutdown();
  process.env = processEnvironment;
  jest.restoreAllMocks();
});

describe('startTelemetry with nothing configured', () => {
  it('opens no socket and exports nothing', async () => {
    const connect = jest.spyOn(net.Socket.prototype, 'connect');
    const listen = jest.spyOn(net.Server.prototype, 'listen');
    const started = start();
    endedSpan(started, 'work');
    started.instruments.attempts.add(1);
    await started.shutdown();

    expect(connect).not.toHaveBeenCalled();
    expect(listen).not.toHaveBeenCalled();
  });

  it('logs the troubles of the SDK, unless OTEL_LOG_LEVEL says what becomes of them', async () => {
    const said: unknown[] = [];
    const logger = { warn: (fields: unknown) => said.push(fields) };
    start({}, { logger });
    diag.warn('heard');
    await telemetry?.shutdown();
    start({ OTEL_LOG_LEVEL: 'none' }, { logger });
    diag.error('not heard');
    expect(said).toEqual([{ said: 'heard' }]);
  });

  it('gives spans real ids and records them', () => {
    const span = start().tracer.startSpan('work');
    const ids = traceIds(trace.setSpan(ROOT_CONTEXT, span));
    span.end();

    expect(ids.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
    expect(ids.spanId).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
    expect(span.spanContext().traceFlags).toBe(1);
  });

  it('can be started again after a shutdown', async () => {
    const first = start();
    first.instruments.attempts.add(1);
    await first.shutdown();
    const second = start();
    second.instruments.attempts.add(5);

    expect(endedSpan(second, 'work')).toMatch(/[1-9a-f]/);
    expect((await scrape(second)).text).toMatch(/^tamma_provider_attempts_total 5$/m);
  });
});

describe('handleMetrics', () => {
  it('answers with the Prometheus names of the instruments', async () => {
    const started = start();
    const { instruments } = started;
    instruments.rpcServerCallDuration.record(30, { 'rpc.method': 'a/B' });
    instruments.inferenceDuration.record(1);
    instruments.attemptInputTokens.record(100);
    instruments.activeCalls.add(2);
    instruments.attempts.add(3);
    const { type, text } = await scrape(started);

    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        '# TYPE rpc_server_call_duration_seconds histogram',
        'rpc_server_call_duration_seconds_bucket{rpc_method="a/B",le="20"} 0',
        'rpc_server_call_duration_seconds_bucket{rpc_method="a/B",le="40"} 1',
        'gen_ai_client_inference_duration_seconds_bucket{le="81.92"} 1',
        'gen_ai_client_inference_operation_input_tokens_bucket{le="64"} 0',
        'gen_ai_client_inference_operation_input_tokens_bucket{le="256"} 1',
        'tamma_provider_active_calls 2',
        'tamma_provider_attempts_total 3',
      ]),
    );
  });

  it('shows CPU time, resident memory and event loop delay of the process', async () => {
    const { text } = await scrape(start());

    expect(text).toMatch(/^process_cpu_time_seconds_total\{cpu_mode="user"\} [0-9.]+$/m);
    expect(text).toMatch(/^process_cpu_time_seconds_total\{cpu_mode="system"\} [0-9.]+$/m);
    expect(text).toMatch(/^process_memory_usage_bytes [1-9][0-9]+$/m);
    expect(text).toMatch(/^nodejs_eventloop_delay_p99_seconds [0-9.]+$/m);
  });

  it('names the service, and neither host, owner nor command line', async () => {
    const { text } = await scrape(start());
    const target = text.split('\n').find((line) => line.startsWith('target_info{')) ?? '';

    expect(target).toContain('service_name="test-service"');
    expect(target).toContain('service_version="1.2.3"');
    expect(target).toContain('service_instance_id="');
    expect(target).not.toMatch(/host_|process_|os_/);
  });

  it('lets the environment name the service', async () => {
    const { text } = await scrape(
      start({ OTEL_SERVICE_NAME: 'mine', OTEL_RESOURCE_ATTRIBUTES: 'team=a' }),
    );

    expect(text).toMatch(/^target_info\{.*service_name="mine".*\}/m);
    expect(text).toMatch(/^target_info\{.*team="a".*\}/m);
  });

  it('leaves out what a gauge observes no more, such as the circuit of a target that is gone', async () => {
    const started = start({
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://127.0.0.1:9/v1/metrics',
      OTEL_METRIC_EXPORT_INTERVAL: '600000',
    });
    const targets = ['stays', 'goes'];
    started.instruments.circuitState.addCallback((result) => {
      for (const target of targets) result.observe(2, { target });
    });
    expect((await scrape(started)).text).toContain('circuit_state{target="goes"} 2');
    targets.pop();
    const { text } = await scrape(started);
    expect(text).not.toContain('target="goes"');
    expect(text).toContain('circuit_state{target="stays"} 2');
  });

  it('has no label twice, and none that begins with a digit, whatever the environment says', async () => {
    const { text } = await scrape(
      start({ OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=a,k8s_pod_name=b,k8s..pod-name=c,1st=d' }),
    );

    const target = text.split('\n').find((line) => line.startsWith('target_info{')) ?? '';
    expect(target.match(/\w+(?==")/g)).toEqual([
      'service_instance_id',
      'k8s_pod_name',
      'key_1st',
      'service_name',
      'service_version',
      'telemetry_sdk_language',
      'telemetry_sdk_name',
      'telemetry_sdk_version',
    ]);
    expect(target).toContain('k8s_pod_name="a;b;c",key_1st="d"');
  });

  it('goes on answering where telemetry is pushed too', async () => {
    const started = start(
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
      { shutdownTimeoutMs: 1 },
    );
    started.instruments.attempts.add(4);

    expect((await scrape(started)).text).toMatch(/^tamma_provider_attempts_total 4$/m);
  });

  it('sums the attribute sets beyond the limit under one', async () => {
    const started = start();
    for (let i = 0; i < 1050; i += 1) started.instruments.attempts.add(1, { i });
    const { text } = await scrape(started);
    const series = text.split('\n').filter((line) => line.startsWith('tamma_provider_attempts_'));

    expect(series).toHaveLength(1000);
    expect(series).toContain('tamma_provider_attempts_total{otel_metric_overflow="true"} 51');
  });
});

describe('startTelemetry with OTEL_SDK_DISABLED', () => {
  it('measures nothing and says so to whoever scrapes', async () => {
    const started = start({ OTEL_SDK_DISABLED: 'true' });
    started.instruments.attempts.add(1);

    expect(endedSpan(started, 'work')).toMatch(/^0{32}$/);
    expect((await scrape(started)).text).toBe('# OTEL_SDK_DISABLED is set\n');
  });
});

describe('events of calls', () => {
  const warned: unknown[] = [];
  const logger = { warn: (...words: unknown[]) => void warned.push(words.at(-1)) };
  beforeEach(() => {
    warned.splice(0);
  });

  it('are told only where they are wanted and have somewhere to go', () => {
    expect(start({}, { logger }).events).toBeUndefined();
    expect(warned).toEqual([]);
  });

  it('are warned of where they have nowhere to go', () => {
    expect(start({}, { logger, events: true }).events).toBeUndefined();
    expect(warned).toEqual([expect.stringContaining('telemetry.events')]);
  });

  it('are not told where all of telemetry is off', () => {
    const environment = {
      OTEL_SDK_DISABLED: 'true',
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://127.0.0.1:9/v1/logs',
    };
    expect(start(environment, { logger, events: true }).events).toBeUndefined();
  });
});
