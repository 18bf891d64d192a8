import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createOpenAIProvider } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { providerOptions } from '../../src/provider-options.ts';
import { load } from '../support/config.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';

const messages = [{ role: 'user' as const, content: 'Say hello' }];

let stub: StubUpstream;
let provider: OpenAIProvider | undefined;

beforeEach(async () => {
  stub = await startStubUpstream();
});

afterEach(async () => {
  await provider?.dispose();
  await stub.close();
});

const FILES = { '/run/token': 'azure-token\n', '/run/key': 'azure-key\n' };

function open(yaml: string, environment: Record<string, string> = {}): OpenAIProvider {
  const config = load(yaml.replaceAll('AZURE', stub.url), environment, FILES);
  provider = createOpenAIProvider(providerOptions(config, '1.2.3'));
  return provider;
}

describe('a server like Azure, alone', () => {
  it('can be all that the top level describes, with a key of its own', async () => {
    const one = open(`
defaultModel: gpt-5.4-mini
baseUrl: AZURE
keys: [{file: /run/key}]
keyHeader: api-key
apiVersion: 2024-10-21
models: {gpt-5.4-mini: mini-eastus}
`);
    await one.sendMessageSync({ messages });
    const [request] = stub.requests;
    expect(request?.path).toBe('/v1/chat/completions?api-version=2024-10-21');
    expect(request?.body).toMatchObject({ model: 'mini-eastus' });
    expect(request?.headers).toMatchObject({ 'api-key': 'azure-key' });
    expect(request?.headers).not.toHaveProperty('authorization');
  });

  it('takes a bearer token in place of every key, that of the environment included', async () => {
    const one = open('{baseUrl: AZURE, bearerTokenFile: /run/token}', { OPENAI_API_KEY: 'k' });
    await one.sendMessageSync({ messages });
    expect(stub.requests[0]?.headers.authorization).toBe('Bearer azure-token');
  });

  it('can be the only target, and then bare models go to it without any key of OpenAI', async () => {
    const one = open(`
targets:
  azure: {baseUrl: AZURE, bearerTokenFile: /run/token, models: {gpt-5.5: large}}
`);
    expect(await one.initialize()).toMatchObject({ ready: true, warnings: [] });
    await one.sendMessageSync({ messages, model: 'gpt-5.5' });
    await one.sendMessageSync({ messages, model: 'azure/gpt-5.5' });
    await one.sendMessageSync({ messages });
    expect(stub.requests.map(({ body }) => (body as { model: string }).model)).toEqual([
      'large',
      'large',
      'gpt-5.4-mini',
    ]);
    expect(stub.requests[0]?.headers.authorization).toBe('Bearer azure-token');
    expect(one.upstreams().map(({ target }) => target)).toEqual(['azure']);
    expect((await one.getModels()).length).toBeGreaterThan(0);
  });

  it('can be one of several targets: bare models go to that of the default model', async () => {
    const one = open(`
defaultModel: azure/gpt-5.5
targets:
  other: {baseUrl: "http://127.0.0.1:9/v1"}
  azure: {baseUrl: AZURE}
`);
    await one.sendMessageSync({ messages, model: 'gpt-5.4' });
    await one.sendMessageSync({ messages });
    expect(stub.requests).toHaveLength(2);
  });
});
