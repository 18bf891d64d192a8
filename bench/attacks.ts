/**
 * `npm run bench:attacks`: each attack at full size on a sidecar of its own with its defaults, on one core,
 * while somebody else asks it something every 20 ms. `-- --write` puts the table into docs/security.md;
 * names of attacks as arguments run only those. Exits 1 if an attack ends the process, or nobody is
 * answered after it.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Authority } from '../test/support/certificates.ts';
import { connect } from '../test/support/grpc-client.ts';
import type { Attack } from './attacks/attack.ts';
import { ATTACKS } from './attacks/attacks.ts';
import type { Report } from './attacks/bystander.ts';
import { fillLedger } from './ledger/fill.ts';
import { writeInto } from './page.ts';
import {
  CORES,
  exitOnSignals,
  peakRssMiB,
  pinMyself,
  pinnable,
  rssMiB,
  startProcess,
} from './processes.ts';
import { figure, table } from './table.ts';

interface Result {
  readonly name: string;
  readonly survived: boolean;
  readonly idleMiB: number;
  readonly peakMiB: number;
  readonly others: Report;
  /** The status of a call when all is over. */
  readonly afterwards: string;
}

const PLACE = {
  page: 'docs/security.md',
  start: '<!-- attacks: written by npm run bench:attacks -- --write -->',
  end: '<!-- end of attacks -->',
};
/** Where others ask. */
const PLAIN = '127.0.0.1:0';
/** What is left of an attack is cleared away before it is asked how things stand. */
const RECOVERY_MS = 1_000;
const ANSWER_MS = 10_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
exitOnSignals();
const pinned = pinnable();
if (pinned) pinMyself(CORES.load);

const attacks = ATTACKS.filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
);
const results: Result[] = [];
for (const attack of attacks) {
  process.stderr.write(`${attack.name} …\n`);
  results.push({ name: attack.name, ...(await suffer(attack)) });
}
const rendered = table(
  [
    { title: 'attack', cell: ({ name }) => name },
    { title: 'survived', cell: ({ survived }) => (survived ? 'yes' : 'no') },
    { title: 'memory over idle, MiB', cell: (r) => figure(r.peakMiB - r.idleMiB, 0) },
    { title: 'others wait at most, ms', cell: ({ others }) => figure(others.worstMs, 0) },
    { title: 'their median', cell: ({ others }) => figure(others.medianMs, 1) },
    { title: 'refused of them', cell: ({ others }) => `${others.refused} of ${others.calls}` },
    { title: 'a call afterwards', cell: ({ afterwards }) => afterwards },
  ],
  results,
);
console.log(rendered);
if (values.write) writeInto(PLACE, rendered);
const isWell = ({ survived, afterwards }: Result) => survived && afterwards === 'OK';
process.exitCode = results.every(isWell) ? 0 : 1;

async function suffer(attack: Attack): Promise<Omit<Result, 'name'>> {
  const { upstream, log, records, keepsBatches = records !== undefined, run } = attack;
  const hostile = await startUpstream(upstream);
  const directory = mkdtempSync(join(tmpdir(), 'attacks-'));
  const admin = join(directory, 'admin.sock');
  const tls = join(directory, 'tls.sock');
  const data = join(directory, 'data');
  if (records !== undefined) {
    mkdirSync(data, { mode: 0o700 });
    fillLedger(data, records, Date.now());
  }
  const sidecar = await startProcess({
    args: ['src/main.ts'],
    environment: {
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: hostile.url,
      ...(attack.tls ? { TAMMA_CONFIG: listensAt(tls, directory) } : { TAMMA_LISTEN: PLAIN }),
      TAMMA_ADMIN_LISTEN: `unix:${admin}`,
      ...(keepsBatches && { TAMMA_DATA_DIR: data }),
    },
    stderr: openSync(log ?? '/dev/null', 'w'),
    ...(pinned && { core: CORES.sidecar }),
  });
  try {
    const bystander = await startBystander(sidecar.address);
    const idleMiB = rssMiB(sidecar.pid);
    await run(sidecar.address, admin, tls);
    const others = await bystander.end();
    await new Promise((resolve) => setTimeout(resolve, RECOVERY_MS));
    return {
      survived: sidecar.child.exitCode === null && sidecar.child.signalCode === null,
      idleMiB,
      peakMiB: peakRssMiB(sidecar.pid),
      others,
      afterwards: await callOnce(sidecar.address),
    };
  } finally {
    sidecar.child.kill('SIGKILL');
    await hostile.end();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Writes a configuration with a second listener, with TLS. @returns its path */
function listensAt(socket: string, directory: string): string {
  const { cert, key } = new Authority().issue({ commonName: 'localhost' });
  const file = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const tls = { certFile: file('tls.crt', cert), keyFile: file('tls.key', key) };
  return file(
    'sidecar.yaml',
    JSON.stringify({ listen: [PLAIN, { address: `unix:${socket}`, tls }] }),
  );
}

async function callOnce(address: string): Promise<string> {
  const client = connect(address, { 'grpc.use_local_subchannel_pool': 1 });
  const deadline = Date.now() + ANSWER_MS;
  const answer = client.provider.unary('GetStatus', {}, { deadline });
  return answer.then(() => 'OK', String).finally(() => client.close());
}

async function startUpstream(conduct = 'silence') {
  const worker = new Worker(new URL('./attacks/hostile-upstream.ts', import.meta.url), {
    workerData: { conduct },
  });
  const [port] = await once(worker, 'message');
  return {
    url: `http://127.0.0.1:${port}/v1`,
    end: async () => void (await worker.terminate()),
  };
}

async function startBystander(address: string) {
  const worker = new Worker(new URL('./attacks/bystander.ts', import.meta.url), {
    workerData: { address },
  });
  await once(worker, 'message');
  return {
    async end(): Promise<Report> {
      worker.postMessage('end');
      const [report] = await once(worker, 'message');
      await worker.terminate();
      return report;
    },
  };
}
