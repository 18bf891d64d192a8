import { beforeEach, describe, expect, it } from '@jest/globals';
import { GetModelsResponse } from '../../src/gen/tamma/provider/v1/provider.ts';
import { withCannedSidecar } from './support.ts';

const { sidecar, run, lines } = withCannedSidecar();

describe('models', () => {
  const pricing = { input: '2.5', output: '10', currency: 'USD' };
  const bare = { id: 'mine', aliases: ['my-own'] };
  const whole = {
    id: 'gpt-a',
    name: 'A',
    available: true,
    contextWindow: 1_000,
    pricing: { ...pricing, cachedInput: '1.25' },
    features: { streaming: true, functionCalling: true, batch: false },
    warnings: ['ends soon'],
    shutdownDate: '2027-01-01',
  };
  beforeEach(() => {
    const models = [whole, bare, { ...whole, id: 'gpt-b', features: undefined, pricing }];
    sidecar.answer('getModels', GetModelsResponse.fromPartial({ models }));
  });

  it('are listed, without what is not known', async () => {
    const [, ...rows] = (await lines('models')).map((line) => line.split(/ {2,}/));
    expect(rows).toEqual([
      ['gpt-a', '1,000', '2.5', '1.25', '10', 'yes', '2027-01-01'],
      ['mine', 'no'],
      ['gpt-b', '1,000', '2.5', '10', 'yes', '2027-01-01'],
    ]);
    expect((await lines('models --available')).join()).not.toContain('mine');
  });

  it('are told one by one, by name or alias', async () => {
    expect(await lines('models gpt-a')).toEqual([
      'gpt-a',
      expect.stringMatching(/^ {2}name: +A$/),
      expect.stringMatching(/^ {2}listed by the upstream: yes$/),
      expect.stringMatching(/^ {2}context window: +1,000$/),
      expect.stringMatching(/^ {2}features: +streaming, function calling$/),
      expect.stringMatching(/^ {2}per million tokens: +input 2.5, cached 1.25, output 10 USD$/),
      expect.stringMatching(/^ {2}ends: +2027-01-01$/),
      expect.stringMatching(/^ {2}warning: +ends soon$/),
    ]);
    expect((await lines('models gpt-b')).join('\n')).toContain(
      'input 2.5, cached -, output 10 USD',
    );
    expect(await lines('models my-own')).toEqual([
      'mine',
      '  aliases:                my-own',
      '  listed by the upstream: no',
    ]);
    expect(await run('models zzz')).toMatchObject({
      exitCode: 6,
      err: "models: there is no model 'zzz'\n",
    });
  });
});
