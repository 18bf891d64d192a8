import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSidecar } from '../../test/attacks/sidecar.ts';
import { collect, connect } from '../../test/support/grpc-client.ts';
import { aRequest } from '../../test/support/running-app.ts';
import {
  answer,
  type Behaviour,
  cutAfter,
  firstTokenAfter,
  httpError,
  startStubUpstream,
} from '../../test/support/upstream/index.ts';
import { type Span, startCollector } from './collector.ts';

/** A call of which a picture is made. */
export interface Scene {
  /** Of the picture: `docs/images/trace-<name>.svg`. */
  readonly name: string;
  readonly title: string;
  /** What its upstreams do, in the order in which they are asked. */
  readonly first: readonly Behaviour[];
  readonly second?: readonly Behaviour[];
  /** Of the configuration, which knows the second upstream as `other`. */
  readonly config: string;
  readonly asked?: object;
}

const WORDS = 'An answer comes in pieces, a word at a time, as models write it.';
const FALLBACK = "fallback: { chains: { '*': [other] } }";
const NEVER = new Promise<void>(() => {});

export const SCENES: readonly Scene[] = [
  {
    name: 'retry',
    title: 'The upstream limits the rate, and is asked again when it says',
    config: '',
    first: [
      httpError(429, { headers: { 'retry-after': '1' } }),
      answer({ text: WORDS, paceMs: 30 }),
    ],
  },
  {
    name: 'fallback',
    title: 'An answer breaks off, and another target begins it anew',
    config: `${FALLBACK}\nretryPolicy: { maxAttempts: 1 }`,
    asked: { options: { recovery: 'STREAM_RECOVERY_RESTART' } },
    first: [
      async (exchange) => {
        await exchange.delay(120);
        await cutAfter(3, {}, { text: WORDS })(exchange);
      },
    ],
    second: [answer({ text: WORDS, paceMs: 20 })],
  },
  {
    name: 'hedge',
    title: 'A target is silent, another one is asked beside it and is quicker',
    config: `${FALLBACK}\nhedge: { after: 200ms, maxShare: 1 }`,
    first: [firstTokenAfter(NEVER)],
    second: [answer({ text: WORDS, paceMs: 20 })],
  },
];

/** The spans of the call, as a sidecar in a process of its own sent them over OTLP. */
export async function record({ config, first, second = [], asked }: Scene): Promise<Span[]> {
  const directory = mkdtempSync(join(tmpdir(), 'tamma-trace-'));
  const upstreams = await Promise.all([startStubUpstream(), startStubUpstream()]);
  const collector = await startCollector();
  try {
    const [one, other] = upstreams;
    const file = join(directory, 'config.yaml');
    writeFileSync(
      file,
      `defaultModel: gpt-5.4\ntargets: { other: { baseUrl: '${other.url}' } }\n${config}\n`,
    );
    const sidecar = await startSidecar({
      environment: {
        OPENAI_BASE_URL: one.url,
        TAMMA_CONFIG: file,
        ...collector.environment,
      },
    });
    const client = connect(sidecar.address);
    try {
      // The first time takes longer: what a broken answer cost is counted by a thread that is started then.
      for (const _ of ['to warm up', 'for the picture']) {
        one.enqueue(...first);
        other.enqueue(...second);
        await collect(client.provider.stream('SendMessage', { ...aRequest(), ...asked }));
      }
    } finally {
      client.close();
      // What it has recorded leaves with it.
      sidecar.child.kill('SIGTERM');
      await sidecar.gone;
    }
    const last = collector.spans.findLast(({ name }) => name.endsWith('/SendMessage'));
    return collector.spans.filter(({ traceId }) => traceId === last?.traceId);
  } finally {
    await Promise.all(upstreams.map((upstream) => upstream.close()));
    await collector.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
