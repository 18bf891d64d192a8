import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { unknownModel } from '../../src/core/model.ts';
import {
  DEFAULT_RATE_LIMIT,
  type RateLimitOptions,
} from '../../src/policies/rate-limit/options.ts';
import { capabilitiesOf } from '../../src/provider/capabilities.ts';
import { describeModel, describeUnknown } from '../../src/provider/model-info.ts';
import { NO_HOSTED_TOOLS } from '../../src/request/fit/hosted-tool-options.ts';

function info(facts: object) {
  return describeModel(
    { ...unknownModel('m'), ...facts },
    {
      name: 'm',
      available: true,
      announcedShutdown: '',
      openAI: false,
      hostedTools: NO_HOSTED_TOOLS,
      now: 0,
    },
  );
}

const LIMITS: RateLimitOptions = {
  ...DEFAULT_RATE_LIMIT,
  requestsPerMinute: 60,
  tokensPerMinute: 1_000,
};

describe('the capabilities of a provider', () => {
  it('are what at least one of its models can do', () => {
    const supports = { streaming: true, tools: true, promptCaching: true };
    const reasoning = { isReasoning: true, efforts: ['low'] };
    expect(
      capabilitiesOf([info({ supports }), info({ reasoning })], DEFAULT_RATE_LIMIT),
    ).toMatchObject({
      supportsStreaming: true,
      supportsImages: false,
      supportsTools: true,
      features: {
        streaming: true,
        functionCalling: true,
        parallelToolUse: false,
        promptCaching: true,
        thinkingMode: true,
        structuredOutputs: false,
        batch: false,
      },
    });
  });

  it('have the largest limits of its models', () => {
    const models = [
      info({ contextWindow: 400_000, maxInputTokens: 272_000, maxOutputTokens: 128_000 }),
      info({ contextWindow: 300_000, maxOutputTokens: 4096 }),
    ];
    expect(capabilitiesOf(models, DEFAULT_RATE_LIMIT)).toMatchObject({
      maxInputTokens: 300_000,
      maxOutputTokens: 128_000,
      supportedModels: models,
    });
  });

  it('are everything where nothing is known of a model', () => {
    expect(capabilitiesOf([describeUnknown('m', '')], DEFAULT_RATE_LIMIT)).toMatchObject({
      supportsImages: true,
      supportsTools: true,
      maxInputTokens: 0,
      maxOutputTokens: 0,
      features: { functionCalling: true, structuredOutputs: true },
    });
  });

  it('are none without models', () => {
    const capabilities = capabilitiesOf([], DEFAULT_RATE_LIMIT);
    expect(capabilities).toMatchObject({ supportsTools: false, maxInputTokens: 0 });
  });

  it('leave out no field of the contract, and none of its comments says that one is', () => {
    expect(capabilitiesOf([], DEFAULT_RATE_LIMIT).unserved).toEqual([]);
    for (const file of ['message', 'event', 'provider']) {
      const proto = readFileSync(`proto/tamma/provider/v1/${file}.proto`, 'utf8');
      expect(proto.replaceAll(/\n *\/\/ /g, ' ')).not.toMatch(/not served yet\./i);
    }
  });

  it.each([
    ['none', DEFAULT_RATE_LIMIT, [0, 0, 0]],
    ['those that are configured', LIMITS, [60, 1_000, 0]],
    ['none where limiting is off', { ...LIMITS, enabled: false }, [0, 0, 0]],
  ])('have the limits of the sidecar: %s', (_, rateLimit, expected) => {
    const [requestsPerMinute, tokensPerMinute, requestsPerDay] = expected;
    expect(capabilitiesOf([], rateLimit).limits).toEqual({
      requestsPerMinute,
      tokensPerMinute,
      requestsPerDay,
    });
  });
});
