import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MessageRequest } from '../../src/gen/tamma/provider/v1/message.ts';
import type { OpenAIProviderOptions } from '../../src/provider/create.ts';
import { type FuzzedProvider, startFuzzedProvider } from './fuzzed-provider.ts';
import { type FuzzedSidecar, startFuzzedSidecar } from './fuzzed-sidecar.ts';
import { anyRequest } from './requests.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 500);
/** Fixed, so that a failure is the change's and not the day's. */
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_122);

const HEALTHY: MessageRequest = {
  ...MessageRequest.decode(new Uint8Array()),
  messages: [
    {
      role: 3,
      content: 'Say hello',
      parts: [],
      toolCalls: [],
      toolCallId: '',
      name: '',
      reasoningItems: [],
      phase: '',
      providerData: '',
      reasoning: '',
    },
  ],
  model: 'gpt-5.4',
};

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeAll(() => void process.on('unhandledRejection', onUnhandled));
afterAll(() => void process.off('unhandledRejection', onUnhandled));
afterEach(() => expect(unhandled.splice(0)).toEqual([]));

interface Configured {
  readonly how: string;
  readonly options: Partial<OpenAIProviderOptions>;
}

const PROVIDERS: readonly Configured[] = [
  { how: 'as it is by default', options: {} },
  {
    how: 'that drops and redirects',
    options: { dropUnsupported: true, resolve: { shutDownModels: 'redirect' } },
  },
  { how: 'that prefers Chat Completions', options: { surface: 'chat_completions' } },
  { how: 'that prefers Responses', options: { surface: 'responses' } },
];

describe.each(PROVIDERS)('any request to a provider $how', ({ options }) => {
  let provider: FuzzedProvider;

  beforeAll(async () => {
    provider = await startFuzzedProvider(options);
  });
  afterAll(() => provider.close());

  it('is answered, or refused before OpenAI is asked', async () => {
    const verdicts = { answered: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(anyRequest, async (request) => {
        verdicts[await provider.judge(request)] += 1;
      }),
      { numRuns: RUNS, seed: SEED },
    );
    // A property that refuses everything would prove nothing.
    expect(verdicts.answered).toBeGreaterThan(RUNS / 3);
    expect(verdicts.refused).toBeGreaterThan(RUNS / 10);
    await expect(provider.judge(HEALTHY)).resolves.toBe('answered');
  });
});

describe('any request over gRPC', () => {
  let sidecar: FuzzedSidecar;

  beforeAll(async () => {
    sidecar = await startFuzzedSidecar();
  });
  afterAll(() => sidecar.close());

  it('is answered, or refused with the status of the caller’s own fault', async () => {
    await fc.assert(
      fc.asyncProperty(anyRequest, async (request) => void (await sidecar.judge(request))),
      { numRuns: Math.ceil(RUNS / 5), seed: SEED },
    );
    await expect(sidecar.judge(HEALTHY)).resolves.toBe('answered');
  });
});
