/**
 * Other gateways in the place of the sidecar, one process and one worker each: docs/performance.md says how
 * they are installed. What is not there is left out.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningProcess } from '../processes.ts';

export const PEERS = ['nginx', 'portkey', 'litellm'] as const;
export type Peer = (typeof PEERS)[number];

const HERE = import.meta.dirname;
const PORTKEY = join(HERE, 'node_modules/@portkey-ai/gateway/build/start-server.js');
const LITELLM = join(HERE, '.venv/bin/litellm');
const NGINX = '/usr/sbin/nginx';
/** LiteLLM imports for half a minute. */
const START_MS = 120_000;

interface Program {
  readonly installed: string;
  readonly path: string;
  /** Writes what it is configured with. Returns its command. */
  readonly command: (place: Place) => readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

interface Place {
  readonly directory: string;
  readonly port: number;
  /** Base URL: `http://127.0.0.1:8080/v1`. */
  readonly upstream: string;
}

const PROGRAMS: Readonly<Record<Peer, Program>> = {
  nginx: {
    installed: NGINX,
    path: '/v1',
    command: ({ directory, port, upstream }) => {
      const file = join(directory, 'nginx.conf');
      writeFileSync(file, nginxConf(directory, port, new URL(upstream).host));
      return [NGINX, '-c', file, '-p', directory];
    },
  },
  portkey: {
    installed: PORTKEY,
    path: '/v1',
    command: ({ port }) => [process.execPath, PORTKEY, `--port=${port}`, '--headless'],
    environment: { NODE_ENV: 'production' },
  },
  litellm: {
    installed: LITELLM,
    path: '/v1',
    command: ({ directory, port, upstream }) => {
      const file = join(directory, 'litellm.yaml');
      writeFileSync(file, litellmConfig(upstream));
      return [LITELLM, '--config', file, '--host', '127.0.0.1', '--port', `${port}`];
    },
    environment: {
      LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY: 'true',
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
    },
  },
};

export function isInstalled(peer: Peer): boolean {
  return existsSync(PROGRAMS[peer].installed);
}

/** What a gateway that is asked over HTTP has to be told with each request. */
export function headersFor(subject: Peer | 'direct', upstream: string): Record<string, string> {
  const common = { 'content-type': 'application/json', authorization: 'Bearer bench' };
  if (subject !== 'portkey') return common;
  return { ...common, 'x-portkey-provider': 'openai', 'x-portkey-custom-host': upstream };
}

export async function startPeer(
  peer: Peer,
  upstream: string,
  core: number | undefined,
): Promise<Pick<RunningProcess, 'pid' | 'address' | 'stop'>> {
  const { command, path, environment } = PROGRAMS[peer];
  const directory = mkdtempSync(join(tmpdir(), `bench-${peer}-`));
  mkdirSync(join(directory, 'logs'));
  const port = await freePort();
  const pinned = core === undefined ? [] : ['taskset', '-c', `${core}`];
  const [program = '', ...args] = [...pinned, ...command({ directory, port, upstream })];
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH ?? '', HOME: directory, ...environment },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const address = `http://127.0.0.1:${port}${path}`;
  async function stop(): Promise<void> {
    process.off('exit', kill);
    kill();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
  try {
    await answers(address, headersFor(peer, upstream), () => child.exitCode !== null);
  } catch (error) {
    await stop();
    throw new Error(`${peer} did not start`, { cause: error });
  }
  return { pid: child.pid ?? 0, address, stop };
}

/** Resolves when it passes a call on. */
async function answers(
  address: string,
  headers: Record<string, string>,
  hasEnded: () => boolean,
): Promise<void> {
  const body = JSON.stringify({
    model: 'gpt-4o',
    stream: true,
    messages: [{ role: 'user', content: 'Are you there?' }],
  });
  const until = performance.now() + START_MS;
  let last: unknown;
  while (performance.now() < until && !hasEnded()) {
    try {
      const abort = AbortSignal.timeout(5_000);
      const response = await fetch(`${address}/chat/completions`, {
        method: 'POST',
        headers,
        body,
        signal: abort,
      });
      await response.body?.cancel();
      if (response.ok) return;
      last = new Error(`HTTP ${response.status}`);
    } catch (error) {
      last = error;
    }
    await sleep(200);
  }
  throw last ?? new Error('it has ended');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** One process that forwards streams as they come, over connections that it keeps. */
function nginxConf(directory: string, port: number, upstream: string): string {
  return `daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${directory}; proxy_temp_path ${directory};
  fastcgi_temp_path ${directory}; uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
  upstream stub { server ${upstream}; keepalive 512; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://stub; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 10m;
    }
  }
}
`;
}

function litellmConfig(upstream: string): string {
  return `model_list:
  - model_name: gpt-4o
    litellm_params: { model: openai/gpt-4o, api_base: "${upstream}", api_key: bench }
`;
}
