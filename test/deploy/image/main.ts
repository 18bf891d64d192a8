/**
 * `scripts/check-image.sh`: builds the image's files by its Dockerfile, without an engine, and runs them as a
 * container would be. Needs root and what `npm run build` writes. Prints a line for each thing that holds; ends
 * with 1 at the first that does not.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from '../../support/grpc-client.ts';
import { listeningAddress } from '../../support/listening-address.ts';
import { aRequest } from '../../support/running-app.ts';
import { startStubUpstream } from '../../support/upstream/index.ts';
import { runInContainer } from './container.ts';
import { bytesIn, filesIn } from './files.ts';
import { buildImage, type Image } from './tree.ts';

const MAX_OWN_MB = 60;

const folder = mkdtempSync(join(tmpdir(), 'image-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const image = await buildImage(folder);
checkFiles();
await checkLimits();
await checkServing();

function holds(what: string): void {
  process.stdout.write(`ok    ${what}\n`);
}

function checkFiles(): void {
  const megabytes = image.ownBytes / 1e6;
  assert(megabytes < MAX_OWN_MB, `the own layers are ${megabytes} MB`);
  const cache = bytesIn(join(image.root, 'app/compile-cache'));
  assert(cache > 1e6, 'the start left nothing that V8 compiled');
  holds(
    `own layers of ${megabytes.toFixed(1)} MB, ${(cache / 1e6).toFixed(1)} of them compiled code`,
  );

  const files = filesIn(image.root).map((path) => relative(image.root, path));
  const unwanted = /\.map$|\.d\.ts$|\.tsx?$|node_modules|(^|\/)(npm|npx|sh|bash|dash|busybox)$/;
  assert.deepEqual(
    files.filter((path) => unwanted.test(path)),
    [],
  );
  holds(`${files.length} files: no maps, no types, no sources, no packages, no npm, no shell`);

  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.equal(image.labels['org.opencontainers.image.version'], version);
  for (const label of ['title', 'description', 'revision', 'source', 'licenses']) {
    assert(image.labels[`org.opencontainers.image.${label}`], `no label ${label}`);
  }
  const bill = JSON.parse(readFileSync(join(image.root, 'app/dist/sbom.cdx.json'), 'utf8'));
  assert.equal(`${bill.metadata.component.group}/${bill.metadata.component.name}`, name);
  const licences = readFileSync(join(image.root, 'app/dist/THIRD_PARTY_LICENSES.txt'), 'utf8');
  for (const part of bill.components) {
    const full = part.group === undefined ? part.name : `${part.group}/${part.name}`;
    assert(licences.includes(`${full} ${part.version}: `), `no licence text of ${full}`);
  }
  assert(existsSync(join(image.root, 'app/LICENSE')));
  holds(`labels, and ${bill.components.length} packages with their licences`);
}

async function checkLimits(): Promise<void> {
  const script = `
    const { spawnSync } = process.getBuiltinModule('child_process');
    const { writeFileSync } = process.getBuiltinModule('fs');
    const codeOf = (work) => { try { work(); } catch (error) { return error.code; } };
    console.log(JSON.stringify({
      uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(),
      root: codeOf(() => writeFileSync('/app/file', '')),
      tmp: codeOf(() => writeFileSync('/tmp/file', '')),
      cache: codeOf(() => writeFileSync('/app/compile-cache/file', '')),
      shell: spawnSync('/bin/sh').error?.code,
    }))`;
  const { code, stdout } = await finish([image.command[0] ?? '', '-e', script]);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), {
    ...{ uid: 65532, gid: 65532, groups: [65532] },
    ...{ root: 'EROFS', tmp: 'EROFS', cache: 'EROFS', shell: 'ENOENT' },
  });
  holds('runs as 65532:65532, writes nothing to its root, finds no shell');

  const told = await finish([...image.command, '--version']);
  assert.equal(told.stdout.trim(), image.labels['org.opencontainers.image.version']);
  holds('tells the version of its label');

  const config = await finish([...image.command, 'check-config', '--json'], {
    user: '1000680000:0',
    environment: { ...image.environment, OPENAI_API_KEY: 'sk-test' },
  });
  assert.equal(JSON.parse(config.stdout).config.defaultModel, 'gpt-5.4-mini');
  holds('runs as any other user');
}

async function checkServing(): Promise<void> {
  const stub = await startStubUpstream();
  const environment = {
    ...image.environment,
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: stub.url,
    TAMMA_LISTEN: '127.0.0.1:0',
    TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
    TAMMA_DATA_DIR: '/var/lib/tamma/ledger',
    NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
  };
  const child = start(image.command, { environment });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const errors = text(child.stderr);
  const ended = once(child, 'exit');
  const address = await Promise.race([
    listeningAddress(child),
    ended.then(async ([code]) => assert.fail(`ended with ${code}: ${await errors}`)),
  ]);
  const client = connect(address);
  const { response } = await client.provider.unary('SendMessageSync', aRequest());
  assert.equal((response as { content?: string }).content, 'Hello from the stub.');
  client.close();
  await stub.close();
  holds('answers a call, with its ledger on a volume');

  child.kill('SIGUSR1');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  process.off('exit', kill);
  const log = await errors;
  assert.doesNotMatch(log, /Debugger listening/);
  holds('opens no debugger at SIGUSR1, and ends with 0 at SIGTERM');
  assert.match(log, /cache for ESM \S+dist\/main\.js was accepted/);
  holds('starts from what was compiled when it was built');
}

function start(command: readonly string[], other: Partial<Image> = {}) {
  const child = runInContainer({ ...image, ...other }, command);
  const { stdout, stderr } = child;
  assert(stdout !== null && stderr !== null);
  return Object.assign(child, { stdout, stderr });
}

async function finish(
  command: readonly string[],
  other: Partial<Image> = {},
): Promise<{ code: number; stdout: string }> {
  const child = start(command, other);
  child.stderr.pipe(process.stderr);
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code, stdout };
}
