import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { listeningAddress } from '../test/support/listening-address.ts';
import type { Settled } from './memory-probe.ts';

export interface RunningProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What stands behind `listening on ` in the first line of its output. */
  readonly address: string;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<void>;
}

export interface ProcessOptions {
  /** What Node.js is given: its own options, the script, the script's arguments. */
  readonly args: readonly string[];
  /** The whole environment: nothing of this process's own has a part in a measurement. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The core to run on, if `pinnable`. Default: any. */
  readonly core?: number;
  /** Where standard error goes. Default: to this process's. */
  readonly stderr?: number | 'ignore';
}

/** Whether processes can be bound to cores: two are needed, and `taskset` of util-linux. */
export function pinnable(): boolean {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The core of the sidecar, and that of everything else. */
export const CORES = { load: 0, sidecar: 1 } as const;

/** Binds all threads of this process to a core. */
export function pinMyself(core: number): void {
  const { pid } = process;
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
}

/** Has this process end in good order when it is told to, so that it takes its children with it. */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
}

/** Starts Node.js with a script that says where it listens. Rejects if it ends before. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { args, environment = {}, core, stderr = 'inherit' } = options;
  const [command, before] =
    core === undefined
      ? [process.execPath, []]
      : ['taskset', ['-c', String(core), process.execPath]];
  const child = spawn(command, [...before, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', stderr, 'ipc'],
  });
  const kill = (): void => void child.kill();
  process.once('exit', kill);
  const ended = once(child, 'exit').finally(() => process.off('exit', kill));
  const address = await Promise.race([
    listeningAddress(child),
    ended.then(([code]) => Promise.reject(new Error(`${args.join(' ')} ended with ${code}`))),
  ]);
  return {
    pid: child.pid ?? 0,
    child,
    address,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** What `memory-probe.ts` measures in a process that was started with it. */
export async function settle(child: ChildProcess): Promise<Settled> {
  const answered = once(child, 'message');
  child.send('settle');
  return (await answered)[0] as Settled;
}

/** CPU seconds of a process so far, to 10 ms; NaN where there is no /proc. */
export function cpuSeconds(pid: number): number {
  // Behind the name, which may hold spaces: state is field 3, user and system time 14 and 15.
  const [user, system] = procFile(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** Resident memory of a process, in MiB; NaN where there is no /proc. */
export function rssMiB(pid: number): number {
  return statusMiB(pid, 'VmRSS');
}

/** The most that it ever was. */
export function peakRssMiB(pid: number): number {
  return statusMiB(pid, 'VmHWM');
}

function statusMiB(pid: number, field: string): number {
  const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(procFile(pid, 'status')) ?? [];
  return Number(kib) / 1024;
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
