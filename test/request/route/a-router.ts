import type { Call } from '../../../src/core/call.ts';
import type { MessageRequest } from '../../../src/core/message.ts';
import { createCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { NO_HOSTED_TOOLS } from '../../../src/request/fit/hosted-tool-options.ts';
import { DEFAULT_FALLBACK, type FallbackOptions } from '../../../src/request/route/options.ts';
import type { UpstreamRules } from '../../../src/request/route/prepare-at.ts';
import { Router } from '../../../src/request/route/router.ts';
import type { RouterDeps, RouterOptions } from '../../../src/request/route/router-options.ts';
import { aCall } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aModel, aReasoningModel } from '../../support/models.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';
import { WordCounter } from '../context/conversations.ts';

const DAY_MS = 86_400_000;

export const CATALOGUE = createCatalogue('test', [
  aModel({ id: 'gpt-default', maxOutputTokens: 100 }),
  aModel({ id: 'gpt-own', snapshots: ['gpt-own-2026'], supports: { images: false } }),
  aModel({ id: 'gpt-old', shutdownDate: '1970-01-01', replacement: 'gpt-default' }),
  aModel({ id: 'gpt-told', instructionRole: 'user' }),
  aReasoningModel({ id: 'gpt-thinks', surfaces: ['chat_completions', 'responses'] }),
  aModel({ id: 'gpt-mute', supports: { tools: false } }),
  aModel({ id: 'gpt-100', contextWindow: 100 }),
  aModel({ id: 'gpt-200', contextWindow: 200 }),
  aModel({ id: 'gpt-400', contextWindow: 400 }),
  aModel({ id: 'embeds', capabilities: ['embeddings'] }),
  aModel({ id: 'gpt-priced', prices: { currency: 'USD', standard: { input: '1' }, history: [] } }),
]);

export const OPENAI: UpstreamRules = {
  resolve: { openAI: true, unknownModels: 'refuse', shutDownModels: 'refuse', declared: [] },
  modelNames: {},
};

/** Takes any name, and calls one of them something else. */
export const AZURE: UpstreamRules = {
  resolve: { openAI: false, unknownModels: 'allow', shutDownModels: 'refuse', declared: [] },
  modelNames: { 'gpt-own': 'prod' },
};

export const OPTIONS: RouterOptions = {
  home: 'default',
  defaultModel: 'gpt-default',
  profiles: {
    models: { 'gpt-own': { temperature: 0.5, systemPrompt: 'Be brief.' } },
    tasks: { planning: { temperatureFactor: 0.5 } },
  },
  dropUnsupported: false,
  hostedTools: NO_HOSTED_TOOLS,
  promptCache: 'off',
  refuseUnpriced: false,
  upstreams: new Map([
    ['default', OPENAI],
    ['azure', AZURE],
  ]),
  fallback: DEFAULT_FALLBACK,
  shared: [],
};

/** A router of OpenAI and `azure` in 1970, ten days after `gpt-old` was shut down. */
export function aRouter(
  options: Partial<Omit<RouterOptions, 'fallback'>> = {},
  fallback: Partial<FallbackOptions> = {},
  deps: Partial<RouterDeps> = {},
) {
  const telemetry = new TelemetryProbe();
  const tokens = new WordCounter();
  const router = new Router(
    { ...OPTIONS, ...options, fallback: { ...DEFAULT_FALLBACK, ...fallback } },
    {
      catalogue: () => CATALOGUE,
      clock: new FakeClock(10 * DAY_MS),
      tokens,
      instruments: telemetry.instruments,
      partOf: () => 1,
      ...deps,
    },
  );
  return { router, tokens, telemetry };
}

/** A call as it comes from its caller. */
export function asking(request: Partial<MessageRequest> = {}, fields: Partial<Call> = {}): Call {
  const asked = { messages: [{ role: 'user' as const, content: 'Hi' }], ...request };
  return aCall({ ...fields, model: request.model ?? '', asked, request: asked });
}

/** A prompt of so many tokens by the word counter, beyond what is sure to fit `gpt-100` uncounted. */
export function words(count: number): Pick<MessageRequest, 'messages'> {
  return { messages: [{ role: 'user', content: 'word '.repeat(count - 4) }] };
}
