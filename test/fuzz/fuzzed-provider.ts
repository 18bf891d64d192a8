import { type Clock, systemClock } from '../../src/core/clock.ts';
import { ProviderError } from '../../src/core/errors.ts';
import type { MessageRequest } from '../../src/gen/tamma/provider/v1/message.ts';
import { createOpenAIProvider, type OpenAIProviderOptions } from '../../src/provider/create.ts';
import { fromWireRequest } from '../../src/server/convert/request.ts';
import { WireViolations } from '../../src/server/convert/violations.ts';
import { drainPulled } from '../support/events.ts';
import { startStubUpstream } from '../support/upstream/index.ts';
import { StrictUpstream } from './strict-upstream.ts';
import { REFUSALS, type Verdict } from './verdict.ts';

/** The day of which the strict upstream's table tells. */
const TODAY = '2026-11-22';
const CLOCK: Clock = { ...systemClock, now: () => Date.parse(TODAY) };

export interface FuzzedProvider {
  judge(request: MessageRequest): Promise<Verdict>;
  close(): Promise<void>;
}

/** The provider in process, which takes a strict stub for OpenAI. */
export async function startFuzzedProvider(
  options: Partial<OpenAIProviderOptions> = {},
): Promise<FuzzedProvider> {
  const upstream = new StrictUpstream(TODAY);
  const stub = await startStubUpstream({ script: upstream.behaviour, keepRequests: false });
  const timeouts = { connectMs: 60_000, headersMs: 60_000, firstTokenMs: 60_000, idleMs: 60_000 };
  const provider = createOpenAIProvider(
    {
      keys: [{ secret: 'sk-fuzz', weight: 1 }],
      baseUrl: stub.url,
      defaultModel: 'gpt-5.4',
      timeouts,
      version: '0.0.0',
      ...options,
      resolve: { ...options.resolve, openAI: true },
    },
    { clock: CLOCK },
  );
  return {
    async judge(wire) {
      const violations = new WireViolations();
      const request = fromWireRequest(wire, violations);
      const sent = upstream.accepted;
      const { events, error } = await drainPulled(
        provider.sendMessage(request, { violations: violations.found }),
      );
      upstream.assertNothingRejected();
      if (error === undefined) {
        if (events.at(-1)?.type !== 'completed') throw new Error('it ended without completed');
        return 'answered';
      }
      if (!(error instanceof ProviderError) || !REFUSALS.has(error.reason)) throw error;
      if (upstream.accepted > sent) throw new Error(`${error.reason} after the upstream was asked`);
      return 'refused';
    },
    async close() {
      await provider.dispose();
      await stub.close();
    },
  };
}
