import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SidecarProcess, startSidecar } from '../attacks/sidecar.ts';
import { Authority } from '../support/certificates.ts';
import { connect } from '../support/grpc-client.ts';
import { randomPort } from '../support/ports.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { aRequest } from '../support/running-app.ts';
import { filesIn } from '../support/temp-folder.ts';
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

const LOADED =
  /const \{ ([^}]*) \} = await import\(\s*"\.\/([^"]+)"|await import\("\.\/([^"]+)"\)\)\.(\w+)/g;

function exportedBy(source: string): readonly string[] {
  const [, names = ''] = /^export \{([^}]*)\};$/m.exec(source) ?? [];
  const all = names.split(',').map((name) => name.trim().replace(/^.* as /, ''));
  return /^export default /m.test(source) ? [...all, 'default'] : all;
}

describe('the bundle, where there are no packages', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

  it('tells its version', () => {
    expect(program('--version')).toBe(`${version}\n`);
  });

  it.each(['http/protobuf', 'http/json', 'grpc'])(
    'answers, counts, and writes what it cost, beside a collector that is away, by %s',
    async (protocol) => {
      const stub = await startStubUpstream();
      const log = join(directory, `${protocol.replace('/', '-')}.log`);
      const dataDir = join(directory, `data-${protocol.replace('/', '-')}`);
      let sidecar: SidecarProcess | undefined;
      try {
        sidecar = await startSidecar({
          entry,
          stderr: openSync(log, 'w'),
          environment: {
            OPENAI_BASE_URL: stub.url,
            TAMMA_DATA_DIR: dataDir,
            OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
            OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
            OTEL_EXPORTER_OTLP_TIMEOUT: '200',
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
        // It tried to tell the collector.
        const troubles = readFileSync(log, 'utf8')
          .split('\n')
          .filter((line) => /in trouble/.test(line));
        expect(troubles.length).toBeGreaterThan(0);
        for (const trouble of troubles) expect(trouble).toContain('ECONNREFUSED');
      } finally {
        await sidecar?.stop();
        await stub.close();
      }
      const [record, ...others] = program('ledger', '--directory', dataDir).trim().split('\n');
      expect(JSON.parse(record ?? '')).toMatchObject({ outcome: 'completed' });
      expect(others).toEqual([]);
    },
  );

  it('has every name by which it loads some of itself later', () => {
    const files = readdirSync(join(directory, 'dist')).filter((name) => name.endsWith('.js'));
    const sources = new Map(
      files.map((name) => [name, readFileSync(join(directory, 'dist', name), 'utf8')]),
    );
    const wanted = [...sources.values()].flatMap((source) => [...source.matchAll(LOADED)]);
    const names = wanted.flatMap(([, several, from, ofOther, one]) =>
      (several ?? one ?? '').split(',').map((name) => ({
        name: name.trim().split(':')[0] ?? '',
        exported: exportedBy(sources.get(from ?? ofOther ?? '') ?? ''),
      })),
    );
    expect(names.length).toBeGreaterThan(50);
    expect(names.filter(({ name, exported }) => !exported.includes(name))).toEqual([]);
  });

  it('asks for no package', () => {
    const asked = readdirSync(join(directory, 'dist'))
      .filter((name) => name.endsWith('.js'))
      .flatMap((name) => [
        ...readFileSync(join(directory, 'dist', name), 'utf8').matchAll(
          /\b__require\("([^"]+)"\)/g,
        ),
      ])
      .map(([, name = '']) => name);
    expect(asked.length).toBeGreaterThan(20);
    expect(new Set(asked.filter((name) => !isBuiltin(name)))).toEqual(new Set());
  });

  it('prints its configuration as JSON', () => {
    const printed = execFileSync(process.execPath, [entry, 'check-config', '--json'], {
      encoding: 'utf8',
      env: { OPENAI_API_KEY: 'sk-test' },
    });
    expect(JSON.parse(printed).config.defaultModel).toBe('gpt-5.4-mini');
  });

  describeWithRedis('with others', () => {
    it.each(['', 'over TLS, with an authority of ours,'])(
      '%s shares a budget with them',
      async (tls) => {
        const ca = new Authority();
        const { cert, key } = ca.issue({ commonName: 'redis', dns: ['localhost'] });
        const file = filesIn(directory);
        const tlsPort = randomPort();
        const options = Object.entries({
          '--tls-port': tlsPort,
          '--tls-cert-file': file('redis.crt', cert),
          '--tls-key-file': file('redis.key', key),
          '--tls-ca-cert-file': file('ca.crt', ca.cert),
          '--tls-auth-clients': 'no',
        }).flat();
        const redis = await RedisServer.start(...(tls === '' ? [] : options.map(String)));
        const stub = await startStubUpstream();
        const environment = {
          OPENAI_BASE_URL: stub.url,
          TAMMA_CONFIG: file('shared.yaml', 'store: redis\nbudgets: [{ name: team, limit: 10 }]\n'),
          TAMMA_REDIS_URL: tls === '' ? redis.url : `rediss://localhost:${tlsPort}`,
          NODE_EXTRA_CA_CERTS: join(directory, 'ca.crt'),
        };
        const sidecar = await startSidecar({ entry, environment });
        try {
          const client = connect(sidecar.address);
          const { response } = await client.provider.unary('SendMessageSync', aRequest());
          expect(response).toMatchObject({ content: 'Hello from the stub.' });
          client.close();
          expect(await redis.command('keys', 'tamma:{shared}:budget:team:*')).not.toBe('');
        } finally {
          await sidecar.stop();
          await stub.close();
          await redis.stop();
        }
      },
    );
  });

  it('starts from what it has compiled before, with the options of the image', async () => {
    const dockerfile = readFileSync('Dockerfile', 'utf8');
    const [, entrypoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? [];
    const command: readonly string[] = JSON.parse(entrypoint);

    const cache = join(directory, 'compile-cache');
    const log = join(directory, 'compile.log');
    async function startAndStop(environment: Readonly<Record<string, string>>): Promise<void> {
      const sidecar = await startSidecar({
        entry,
        nodeOptions: command.slice(1, -1),
        stderr: openSync(log, 'w'),
        environment: {
          NODE_COMPILE_CACHE: cache,
          TAMMA_DATA_DIR: join(directory, 'compiled'),
          ...environment,
        },
      });
      sidecar.child.kill('SIGTERM');
      expect(await sidecar.gone).toBe(0);
    }
    await startAndStop({});
    const [version = '', ...others] = readdirSync(cache);
    expect(others).toEqual([]);
    // Of one user alone: the image fills it as the one that runs it.
    expect(version).toMatch(new RegExp(`-${process.getuid?.()}$`));

    await startAndStop({ NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
    const compiled = [
      ...readFileSync(log, 'utf8').matchAll(/V8 code cache for ESM \S+dist\/(\S+) was (.*)$/gm),
    ].map(([, file, outcome]) => ({ file, outcome }));
    const hits = compiled.filter(({ outcome }) => outcome?.startsWith('accepted'));
    expect(hits.map(({ file }) => file)).toEqual(
      expect.arrayContaining(['main.js', 'store-worker.js', expect.stringMatching(/^app-/)]),
    );
    // What is loaded behind the start may or may not have been when it was stopped.
    const misses = compiled.filter(
      (one) => !hits.includes(one) && !/^openai-/.test(one.file ?? ''),
    );
    expect(misses).toEqual([]);
  });

  it('writes the contract that it serves', () => {
    const out = join(directory, 'contract');
    program('protos', '--out', out);
    const written = readFileSync(join(out, 'proto/tamma/provider/v1/provider.proto'), 'utf8');
    expect(written).toBe(readFileSync('proto/tamma/provider/v1/provider.proto', 'utf8'));
    expect(readdirSync(join(out, 'third_party/google')).sort()).toEqual(['rpc', 'type']);
    expect(readFileSync(join(out, 'descriptors.binpb')).includes('IAIBatchProvider')).toBe(true);
  });

  it('simulates, and what serves does not load what does', () => {
    const script = join(directory, 'script.yaml');
    writeFileSync(script, 'rules: [{ reply: Hi }]');
    expect(program('simulate', script, '--check')).toBe('');
    const files = readdirSync(join(directory, 'dist')).filter((name) => name.endsWith('.js'));
    const source = (name: string) => readFileSync(join(directory, 'dist', name), 'utf8');
    const loaded = new Set(files.filter((name) => /^(main|app-\w+)\.js$/.test(name)));
    for (const name of loaded) {
      for (const [, other = ''] of source(name).matchAll(/from "\.\/([^"]+)"/g)) loaded.add(other);
    }
    const simulator = files.filter((name) => source(name).includes('// src/simulator/'));
    expect(loaded.size).toBeGreaterThan(5);
    expect(simulator.length).toBeGreaterThan(0);
    expect(simulator.filter((name) => loaded.has(name))).toEqual([]);
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
