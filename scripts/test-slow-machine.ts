/**
 * `npm run test:slow-machine`: runs what `npm test` runs as if the machine were several times slower,
 * on one core that it shares with two processes that never wait. Shows that no test depends on how
 * fast it runs. Arguments are jest's.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const NEIGHBOURS = 2;

if (spawnSync('taskset', ['--version']).status !== 0) {
  console.error('test:slow-machine needs taskset, of util-linux.');
  process.exit(1);
}
process.exitCode = await runBesideNeighbours();

async function runBesideNeighbours(): Promise<number> {
  const core = availableParallelism() - 1;
  const onCore = (...command: readonly string[]) => ['-c', String(core), ...command];
  const children: ChildProcess[] = [];
  const end = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('exit', end);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  for (let count = 0; count < NEIGHBOURS; count += 1) {
    const loop = onCore(process.execPath, '--eval', 'for (;;);');
    children.push(spawn('taskset', loop, { stdio: 'ignore' }));
  }
  const began = performance.now();
  const tests = spawn('taskset', onCore('jest', ...process.argv.slice(2)), { stdio: 'inherit' });
  children.push(tests);
  const code = await new Promise<number>((resolve) => {
    tests.once('error', () => resolve(1));
    tests.once('exit', (status) => resolve(status ?? 1));
  });
  end();
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(`${code === 0 ? 'passed' : 'failed'} on a third of a core in ${minutes} minutes`);
  return code;
}
