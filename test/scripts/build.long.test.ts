import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SidecarProcess, startSidecar } from '../attacks/sidecar.ts';
import { connect } from '../support/grpc-client.ts';
import { aRequest } from '../support/running-app.ts';
import { startStubUpstream } from '../support/upstream/index.ts';

let directory: string;
let entry: string;

beforeAll(() => {
  execFileSync('npm', ['run', 'build'], { stdio: 'pipe' });
  directory = mkdtempSync(join(tmpdir(), 'built-'));
  cpSync('dist', join(directory, 'dist'), { recursive: true });
  for (const name of ['package.json', 'proto', 'third_party']) {
    cpSync(name, join(directory, name), { recursive: true });
  }
  entry = join(directory, 'dist/main.js');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const program = (...args: string[]) =>
  execFileSync(process.execPath, [entry, ...args], { encoding: 'utf8', env: {} });

describe('the bundle, where there are no packages', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

  it('tells its version', () => {
    expect(program('--version')).toBe(`${version}\n`);
  });

  it.each(['http/protobuf', 'http/json', 'grpc'])(
    'answers, counts, and writes what it cost, beside a collector by %s',
    async (protocol) => {
      const stub = await startStubUpstream();
      const dataDir = join(directory, `data-${protocol.replace('/', '-')}`);
      let sidecar: SidecarProcess | undefined;
      try {
        sidecar = await startSidecar({
          entry,
          environment: {
            OPENAI_BASE_URL: stub.url,
            TAMMA_DATA_DIR: dataDir,
            OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
            OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          },
        });
        const client = connect(sidecar.address);
        const counted = await client.provider.unary('CountTokens', aRequest({ model: 'gpt-5.5' }));
        expect(counted.inputTokens).toBeGreaterThan(2);
        const { response } = await client.provider.unary('SendMessageSync', aRequest());
        expect(response).toMatchObject({ content: 'Hello from the stub.' });
        client.close();
        sidecar.child.kill('SIGTERM');
        expect(await sidecar.gone).toBe(0);
      } finally {
        await sidecar?.stop();
        await stub.close();
      }
      const [record, ...others] = program('ledger', '--directory', dataDir).trim().split('\n');
      expect(JSON.parse(record ?? '')).toMatchObject({ outcome: 'completed' });
      expect(others).toEqual([]);
    },
  );

  it('writes the contract that it serves', () => {
    const out = join(directory, 'contract');
    program('protos', '--out', out);
    const written = readFileSync(join(out, 'proto/tamma/provider/v1/provider.proto'), 'utf8');
    expect(written).toBe(readFileSync('proto/tamma/provider/v1/provider.proto', 'utf8'));
    expect(readdirSync(join(out, 'third_party/google')).sort()).toEqual(['rpc', 'type']);
    expect(readFileSync(join(out, 'descriptors.binpb')).includes('IAIBatchProvider')).toBe(true);
  });

  it('has the licence of every package that is in it', () => {
    const texts = readFileSync(join(directory, 'dist/THIRD_PARTY_LICENSES.txt'), 'utf8');
    const used = readdirSync(join(directory, 'dist'))
      .filter((name) => name.endsWith('.js'))
      .flatMap((name) => [
        ...readFileSync(join(directory, 'dist', name), 'utf8').matchAll(
          /^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)/gm,
        ),
      ])
      .map(([, name]) => name);
    expect(new Set(used).size).toBeGreaterThan(10);
    for (const name of new Set(used)) expect(texts).toContain(`${name} `);
  });
});

it('the library is what the package exports', () => {
  const program = `import { createOpenAIProvider } from '@tamma/provider-openai'; console.log(typeof createOpenAIProvider);`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  expect(printed).toBe('function\n');
});
