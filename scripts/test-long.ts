/**
 * `npm run test:long`: the suites that take minutes, make storms or stand on real time. Those that leave
 * room for another come first, two at a time, and then the rest, one after the other. Prints for each
 * one line with its time and what it shows, what it printed if it failed, and, last, `N passed, N failed`
 * and how long it took; exits 1 if one failed.
 *
 * `npm run test:long -- NAME [OPTIONS]` runs one suite, with its own output and options, as in
 * `npm run test:long -- storm --calls 2000 --seed 7`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

interface Suite {
  readonly name: string;
  /** What it means that it passes. */
  readonly shows: string;
  readonly command: string;
  readonly args: readonly string[];
  /** It is left out where there is none. */
  readonly needs?: 'redis-server' | 'promtool';
  /** It waits for most of its time, or computes in one process and by a clock of its own. Default: false. */
  readonly leavesRoom?: true;
}

const jest = (...files: readonly string[]) => ({
  command: 'jest',
  args: ['--config', 'jest.long.config.js', ...files],
});
const program = (...args: readonly string[]) => ({ command: 'node', args });

const SUITES: readonly Suite[] = [
  {
    name: 'page',
    shows:
      'the status page in Chromium is live, whole on a phone, light and dark, and asks nobody else',
    ...jest('test/page'),
  },
  {
    name: 'time-outs',
    leavesRoom: true,
    shows: 'upstreams that fall silent are given up in real time, and then retried',
    ...jest('test/faults'),
  },
  {
    name: 'ending',
    shows:
      'at a signal 200 streams finish within the grace period, or all end with SHUTTING_DOWN, and Ctrl-C twice is once; no secret leaves, and content over OTLP only by opt-in; the pictures of traces show what is sent',
    ...jest('test/e2e'),
  },
  {
    name: 'rehearsal',
    shows: '`npm run test:live` asks nothing that OpenAI would refuse, and understands its answers',
    ...jest('test/live'),
  },
  {
    name: 'deploy',
    shows:
      'kustomize renders what the tests read, and each container starts, answers its probes and calls, and ends',
    ...jest('test/deploy/(rendered|served)'),
  },
  {
    name: 'documented',
    leavesRoom: true,
    shows: 'commands of the pages that no other test or script runs do, as they stand there',
    ...jest('test/docs'),
  },
  {
    name: 'rolling',
    shows:
      'three sidecars on one Redis, brought up to date one by one under load, and back, lose no call and no cent',
    ...jest('test/deploy/rolling'),
    needs: 'redis-server',
  },
  {
    name: 'alerts',
    leavesRoom: true,
    shows: 'each alert fires while a sidecar has its fault, no other does, and no panel is empty',
    ...jest('test/deploy/alerts'),
    needs: 'promtool',
  },
  {
    name: 'series',
    shows: '100,000 models and users that nobody knows leave no more series than the first few',
    ...jest('test/telemetry'),
  },
  {
    name: 'attacks',
    shows: 'small and many requests, idle connections and a log that takes nothing stop nobody',
    ...jest('test/attacks'),
  },
  {
    name: 'built',
    shows:
      'the bundle needs no node_modules to serve, count, cost and export, nor does the library',
    ...jest('test/scripts'),
  },
  {
    name: 'functions',
    leavesRoom: true,
    shows:
      'a short call and a whole one take no more function calls than they did, which time on a strange machine would not show',
    ...program('bench/functions.ts', '--max', '5200,5850'),
  },
  {
    name: 'ledger-kill',
    shows: 'a ledger whose process is killed 60 times has what was told exactly, and nothing twice',
    ...jest('test/money/ledger/kill'),
  },
  {
    name: 'full-disk',
    leavesRoom: true,
    shows:
      'a really full disk stops no call; what it does not take is told, and kept if there is a reserve',
    ...jest('test/money/full-disk'),
  },
  {
    name: 'resume',
    shows:
      'over 2,000 cuts RESUME loses, repeats and regenerates no token and bills exactly, and kills leave no stored answer',
    ...jest('test/resume'),
  },
  {
    name: 'batch-kill',
    shows:
      'a batch whose sidecar is killed four times answers every item once, at its exact cost; the build comes first',
    command: 'npm',
    args: [
      'run',
      '-s',
      'bench:batch',
      '--',
      '--items',
      '2000',
      '--kills',
      '6',
      '--per-file',
      '600',
    ],
  },
  {
    name: 'shared-store',
    shows: 'leases run out, rates are shared and outages pass, in the time of a real Redis',
    ...jest('test/shared-store'),
    needs: 'redis-server',
  },
  {
    name: 'load',
    leavesRoom: true,
    shows:
      'default settings serve what an ideal client would, under loads of every kind, each policy earns its place, and hedging its cost',
    ...jest('test/load'),
  },
  {
    name: 'full-size',
    leavesRoom: true,
    shows:
      'what `npm test` shows by few random cases and short simulations holds for many, in a minute',
    ...jest(
      'test/config',
      'test/money/(budget|pricing)',
      'test/money/ledger/(recover|sums)',
      'test/policies',
      'test/provider',
      'test/request',
      'test/server',
    ),
  },
  {
    name: 'reload',
    shows: '200 reloads under load, right and wrong ones, fail no call and mix no configurations',
    ...jest('test/reload'),
  },
  {
    name: 'answers',
    leavesRoom: true,
    shows:
      'an answer is the same however servers are known to send it, and damaged ones add up or are errors',
    ...jest('test/wire'),
  },
  {
    name: 'fuzz-surfaces',
    shows: 'random requests over gRPC and each API are answered, or refused before OpenAI is asked',
    ...jest('test/fuzz'),
  },
  {
    name: 'fuzz',
    shows: 'so are 10,000 more, against a stub as strict as OpenAI',
    ...program('test/fuzz/main.ts'),
  },
  {
    name: 'fuzz-wire',
    shows: 'whatever is said over a connection, by a grammar of HTTP/2 and protobuf, ends nothing',
    ...program('test/fuzz/wire.ts', '--seconds', '120'),
  },
  {
    name: 'fuzz-answers',
    shows:
      'random and known bad answers, in any pieces, are read, or refused as what the upstream did',
    ...program('test/fuzz/answers.ts', '--seconds', '120'),
  },
  {
    name: 'faults',
    leavesRoom: true,
    shows: 'faults that take minutes, with the defaults and in true time, end as they should',
    ...program('test/faults/full.ts'),
  },
  {
    name: 'faults-storm',
    shows: '10,000 calls cut and cancelled, 5,000 with failing attempts: no byte lost or doubled',
    ...program('--expose-gc', 'test/faults/storm.ts'),
  },
  {
    name: 'money-storm',
    shows:
      'after cancels, cuts and kill -9 ledger and budgets add up to what the upstream bills, and what a caller was told is exact',
    ...program('test/money/storm.ts', '--any-machine'),
  },
  {
    name: 'storm',
    shows: '10,000 streams cancelled at random: upstream sockets close at once, nothing leaks',
    ...program('bench/storm.ts', '--any-machine'),
  },
];

/** The longest takes three on two cores; a suite that hangs must not keep the others from being run. */
const MAX_MINUTES = 15;

const [wanted, ...options] = process.argv.slice(2);
if (wanted === undefined) await runAll();
else runOne(wanted);

async function runAll(): Promise<void> {
  const began = performance.now();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  let failed = 0;
  let leftOut = 0;
  const runEach = async (suites: Iterator<Suite> & Iterable<Suite>) => {
    for (const suite of suites) {
      if (suite.needs !== undefined && spawnSync(suite.needs, ['--version']).status !== 0) {
        leftOut += 1;
        console.log(`LEFT OUT        ${suite.name}: there is no ${suite.needs} on the PATH`);
      } else if (!(await passes(suite))) failed += 1;
    }
  };
  const beside = SUITES.filter(({ leavesRoom }) => leavesRoom).values();
  const lanes = Math.min(2, availableParallelism());
  await Promise.all(Array.from({ length: lanes }, () => runEach(beside)));
  await runEach(SUITES.filter(({ leavesRoom }) => !leavesRoom).values());
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(
    `${SUITES.length - leftOut - failed} passed, ${failed} failed, in ${minutes} minutes`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}

async function passes({ name, shows, command, args }: Suite): Promise<boolean> {
  const began = performance.now();
  // In a group of its own, so that all it has started ends with it.
  const suite = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const endGroup = () => {
    try {
      if (suite.pid !== undefined) process.kill(-suite.pid, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
  };
  process.once('exit', endGroup);
  let output = '';
  const timer = setTimeout(() => {
    output += `\nended, as it took more than ${MAX_MINUTES} minutes\n`;
    endGroup();
  }, MAX_MINUTES * 60_000);
  for (const stream of [suite.stdout, suite.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const [status] = await once(suite, 'close');
  clearTimeout(timer);
  process.off('exit', endGroup);
  const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(5);
  console.log(`${status === 0 ? 'PASS' : 'FAIL'}  ${seconds} s  ${name}: ${shows}`);
  if (status !== 0) console.log(output);
  return status === 0;
}

function runOne(name: string): void {
  const suite = SUITES.find((one) => one.name === name);
  if (suite === undefined) {
    console.error(`There is no such suite; there are ${SUITES.map((one) => one.name).join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  const args = [...suite.args, ...options];
  process.exitCode = spawnSync(suite.command, args, { stdio: 'inherit' }).status ?? 1;
}
