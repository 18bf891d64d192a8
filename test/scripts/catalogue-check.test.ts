import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compare } from '../../scripts/catalogue/compare.ts';
import { compareList } from '../../scripts/catalogue/live-list.ts';
import { modelsDev } from '../../scripts/catalogue/models-dev.ts';
import { createCatalogue } from '../../src/request/catalogue/catalogue.ts';
import { aModel } from '../support/models.ts';
import { tempFolders } from '../support/temp-folder.ts';

const NOW = Date.UTC(2026, 10, 28);

const catalogue = createCatalogue('1', [
  aModel({
    id: 'gpt-a',
    snapshots: ['gpt-a-2026-01-01'],
    prices: {
      currency: 'USD',
      standard: { input: '1.50', cachedInput: '0.15', output: '6' },
      longContext: { aboveInputTokens: 200, input: '3', output: '9' },
      history: [],
    },
  }),
  aModel({ id: 'gpt-b', shutdownDate: '2026-11-01' }),
  aModel({ id: 'gpt-c' }),
]);

describe('the check of the catalogue', () => {
  const newFolder = tempFolders();
  let directory: string;

  beforeAll(() => {
    directory = newFolder();
  });

  function listing(models: object): string {
    const path = join(directory, 'api.json');
    writeFileSync(path, JSON.stringify({ openai: { models } }));
    return path;
  }

  it('tells what a source prices otherwise, has new, or has no more', async () => {
    const place = listing({
      'gpt-a-2026-01-01': {
        cost: {
          input: 1.5,
          cache_read: 0.2,
          output: 6,
          context_over_200k: { input: 3, output: 10 },
        },
      },
      'gpt-b': { cost: { input: 9, output: 9 } },
      'gpt-c': { cost: { input: 1, output: 2, tiers: [{ input: 2, output: 3 }] } },
      'gpt-d': { cost: { input: 1, output: 2 } },
      'gpt-image-9': { cost: { input: 1, output: 2 } },
      'gpt-e': { modalities: { output: ['image'] } },
    });
    expect(compare(catalogue, await modelsDev(place), NOW)).toEqual([
      {
        kind: 'priced otherwise',
        model: 'gpt-a-2026-01-01',
        what: 'cachedInput 0.15, there 0.2; long output 9, there 10',
      },
      {
        kind: 'priced otherwise',
        model: 'gpt-c',
        what: 'no price, there input 1, output 2',
      },
      { kind: 'new', model: 'gpt-d', what: 'input 1, output 2' },
    ]);
    const empty = await modelsDev(listing({ 'gpt-c': {} }));
    expect(compare(catalogue, empty, NOW)).toMatchObject([{ kind: 'gone', model: 'gpt-a' }]);
    await expect(modelsDev(listing({}))).rejects.toThrow('lists no models');
  });

  it('tells what an API lists new, ends another day, or lists no more', () => {
    const listed = [
      { id: 'gpt-a', shutdown_date: '2027-01-01' },
      { id: 'gpt-d' },
      { id: 'whisper-1' },
      { id: 'ft:gpt-a:acme::1' },
    ];
    expect(compareList(listed, catalogue, NOW)).toEqual([
      { kind: 'gone', model: 'gpt-a', what: 'ends none, there 2027-01-01' },
      { kind: 'new', model: 'gpt-d', what: 'is listed' },
      { kind: 'gone', model: 'gpt-c', what: 'is not listed' },
    ]);
  });

  it('prints it, and says by its exit code whether anything differs or could not be read', async () => {
    const asked: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      asked.push(request);
      response.end(JSON.stringify({ data: [{ id: 'gpt-99' }] }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const run = (place: string) =>
      new Promise<{ code: number; out: string }>((resolve) => {
        const env = {
          ...process.env,
          OPENAI_API_KEY: 'sk-check',
          OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
        };
        const args = ['scripts/catalogue-check.ts', '--models-dev', place];
        execFile('node', args, { env }, (error, out) => {
          resolve({ code: Number(error?.code ?? 0), out });
        });
      });
    const { code, out } = await run(listing({ 'gpt-99': { cost: { input: 1, output: 2 } } }));
    expect(out).toMatch(/@pydantic\/genai-prices \d+\.\d+\.\d+: /);
    expect(out).toContain('  new: gpt-99: input 1, output 2\n');
    expect(out).toContain('  new: gpt-99: is listed\n');
    expect(code).toBe(1);
    expect(asked[0]?.url).toBe('/v1/models');
    expect(asked[0]?.headers.authorization).toBe('Bearer sk-check');
    const missing = await run(join(directory, 'nothing.json'));
    expect(missing.out).toContain('could not be read');
    expect(missing.code).toBe(2);
    server.close();
  });
});
