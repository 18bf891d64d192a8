import type { Clock } from '../../src/core/clock.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';

/** A sidecar whose calls go on at a second upstream. */
export interface TwoUpstreams extends RunningApp {
  /** The target of that name. */
  readonly second: StubUpstream;
}

/** Further attempts come at once, unless the upstream asks to wait. */
export const QUICK_RETRIES = 'retryPolicy: { baseDelay: 1ms }';

/** @param yaml further configuration, without `targets` and `fallback` */
export async function startTwo(
  yaml = QUICK_RETRIES,
  environment: Readonly<Record<string, string>> = {},
  clock?: Clock,
): Promise<TwoUpstreams> {
  const second = await startStubUpstream();
  const config = [
    `targets: { second: { baseUrl: ${second.url} } }`,
    'fallback: { chains: { "*": [second] } }',
    yaml,
  ];
  const running = await startApp(config.join('\n'), environment, clock);
  return {
    ...running,
    second,
    async stop() {
      await running.stop();
      await second.close();
    },
  };
}
