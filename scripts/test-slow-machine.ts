/**
 * `npm run test:slow-machine`: runs what `npm test` runs as if the machine were several times slower: half
 * of it on each of two cores, which it shares with two processes that never wait. Shows that no test
 * depends on how fast it runs. Arguments are jest's.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';

/** As `npm test` runs it, but one test at a time on each core. */
const JEST = ['--max-semi-space-size=64', 'node_modules/jest/bin/jest.js', '--maxWorkers=1'];

/** On each core. */
const NEIGHBOURS = 2;
const CORES = Math.min(availableParallelism(), 2);

if (spawnSync('taskset', ['--version']).status !== 0) {
  console.error('test:slow-machine needs taskset, of util-linux.');
  process.exit(1);
}

const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const began = performance.now();
const codes = await Promise.all(Array.from({ length: CORES }, (_, core) => runOn(core)));
const failed = codes.some((code) => code !== 0);
const minutes = ((performance.now() - began) / 60_000).toFixed(1);
console.log(`${failed ? 'failed' : 'passed'} on thirds of ${CORES} cores in ${minutes} minutes`);
process.exit(failed ? 1 : 0);

/** Runs one core's share of the tests, and prints what they say at once when they are through. */
async function runOn(core: number): Promise<number | null> {
  const onCore = (...command: readonly string[]) => ['-c', String(core), ...command];
  for (let count = 0; count < NEIGHBOURS; count += 1) {
    const loop = onCore(process.execPath, '--eval', 'for (;;);');
    children.push(spawn('taskset', loop, { stdio: 'ignore' }));
  }
  const shard = `--shard=${core + 1}/${CORES}`;
  const tests = spawn(
    'taskset',
    onCore(process.execPath, ...JEST, shard, '--passWithNoTests', ...process.argv.slice(2)),
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  children.push(tests);
  const exited = once(tests, 'exit');
  const [output, errors] = await Promise.all([text(tests.stdout), text(tests.stderr)]);
  process.stdout.write(output);
  process.stderr.write(errors);
  const [code] = await exited;
  return code;
}
