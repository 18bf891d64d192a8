import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describeWhere } from './describe-where.ts';
import { randomPort } from './ports.ts';
import { encodeCommand, takeReply } from './redis-reply.ts';

const HOST = '127.0.0.1';

/** Tests that need a redis-server. Without one on the PATH they are left out, and say so. */
export function describeWithRedis(what: string, tests: () => void): void {
  const isThere = spawnSync('redis-server', ['--version']).status === 0;
  describeWhere(isThere, 'there is no redis-server on the PATH', what, tests);
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
    for (;;) {
      const server = new RedisServer(randomPort(), options);
      if (await server.#listens()) return server;
      await server.stop();
    }
  }

  get url(): string {
    return `redis://${HOST}:${this.port}`;
  }

  /** Starts it again on the same port, empty. */
  async start(): Promise<void> {
    if (!(await this.#listens())) throw new Error(`redis-server cannot listen on ${this.port}.`);
  }

  /** Starts it. False if the port is not free. */
  async #listens(): Promise<boolean> {
    const options = ['--port', this.port, '--bind', HOST, '--dir', this.#directory];
    const quiet = ['--save', '', '--appendonly', 'no', '--daemonize', 'no'];
    const server = spawn('redis-server', [...options, ...quiet, ...this.#options].map(String), {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#process = server;
    for await (const line of createInterface({ input: server.stdout })) {
      if (line.includes('Ready to accept connections')) {
        server.stdout.resume();
        return true;
      }
      if (line.includes('Address already in use')) return false;
    }
    throw new Error('redis-server ended before it listened.');
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

  /**
   * What redis-cli would print for a command. It goes over a connection of its own, as the server's
   * own tool has one, but starts no process.
   *
   * @throws Error that says what the server says, if it refuses
   */
  async command(...words: readonly string[]): Promise<string> {
    return await this.#ask([words]);
  }

  /** The same where the server wants a password. */
  async commandWith(password: string, ...words: readonly string[]): Promise<string> {
    return await this.#ask([['auth', password], words]);
  }

  /** What it says to the last of some commands. */
  async #ask(commands: readonly (readonly string[])[]): Promise<string> {
    const socket = connect(this.port, HOST);
    try {
      let bytes = Buffer.alloc(0);
      let said = '';
      socket.write(commands.map(encodeCommand).join(''));
      let open = commands.length;
      for await (const chunk of socket) {
        bytes = Buffer.concat([bytes, chunk]);
        for (let reply = takeReply(bytes); reply !== undefined; reply = takeReply(bytes)) {
          said = reply.lines.join('\n').trim();
          open -= 1;
          if (open === 0) return said;
          bytes = bytes.subarray(reply.end);
        }
      }
      throw new Error('redis-server closed the connection.');
    } finally {
      socket.destroy();
    }
  }

  /** Ends it, and removes its directory. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
