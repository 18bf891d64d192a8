import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';

const HOST = '127.0.0.1';

/** How long a server may take to listen, in ms. */
const START_MS = 10_000;

/** Tests that need a redis-server. Without one on the PATH they are left out, and say so. */
export function describeWithRedis(what: string, tests: () => void): void {
  const isThere = spawnSync('redis-server', ['--version']).status === 0;
  if (isThere) describe(what, tests);
  else describe.skip(`${what} (left out: there is no redis-server on the PATH)`, tests);
}

/**
 * A real redis-server, from the PATH, on a port of its own and without persistence: what it knows is
 * lost when it is killed.
 */
export class RedisServer {
  readonly port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'redis-'));
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#options = options;
  }

  /** @param options further ones of its command line */
  static async start(...options: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://${HOST}:${this.port}`;
  }

  /** Starts it again on the same port, empty. */
  async start(): Promise<void> {
    const options = ['--port', this.port, '--bind', HOST, '--dir', this.#directory];
    const quiet = ['--save', '', '--appendonly', 'no', '--daemonize', 'no'];
    const server = spawn('redis-server', [...options, ...quiet, ...this.#options].map(String), {
      stdio: 'ignore',
    });
    this.#process = server;
    const failed = once(server, 'exit').then(() => {
      throw new Error('redis-server ended before it listened.');
    });
    // It is expected to end later.
    failed.catch(() => {});
    await Promise.race([listens(this.port), failed]);
  }

  /** Lets it hang: connections stay open, and nothing is answered. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** At once, whatever it does. */
  async kill(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  /** What redis-cli prints for a command. */
  command(...words: readonly string[]): string {
    const options = ['-h', HOST, '-p', String(this.port), ...words];
    return execFileSync('redis-cli', options, { encoding: 'utf8', timeout: START_MS }).trim();
  }

  /** Ends it, and removes its directory. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('A port has no number.');
  return address.port;
}

async function listens(port: number): Promise<void> {
  const until = Date.now() + START_MS;
  while (Date.now() < until) {
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('redis-server does not listen.');
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
