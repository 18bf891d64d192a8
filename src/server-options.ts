import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { callersOf } from './caller-options.ts';
import type { Config } from './config/config.ts';
import { listenerOptions } from './listener-options.ts';
import { oldGenerationBytes } from './server/arrivals/load-meter.ts';
import type { LiveServerOptions, ServerOptions } from './server/options.ts';

/** What the configuration says to the gRPC server. */
export function serverOptions(config: Config, version: string, revision: string): ServerOptions {
  const { limits } = config;
  return {
    ...liveServerOptions(config, revision),
    ...callersOf(config),
    listen: listenerOptions(config),
    socketMode: 0o660,
    maxMessageBytes: limits.maxMessageBytes,
    memoryBytes: memoryBytes(),
    stallTimeoutMs: limits.stallTimeoutMs,
    maxConcurrentStreams: limits.maxConcurrentStreams,
    reflection: config.reflection,
    version,
  };
}

/** The part that may change while it runs. */
export function liveServerOptions(config: Config, revision: string): LiveServerOptions {
  const { limits, overload } = config;
  return {
    maxBytesInFlight: bytesInFlight(config),
    maxConnections: Math.min(limits.maxConnections, Math.floor(maxOpenFiles() / 2)),
    idleTimeoutMs: limits.idleTimeoutMs,
    maxConnectionAgeMs: limits.maxConnectionAgeMs,
    defaultDeadlineMs: config.timeoutMs,
    maxDeadlineMs: limits.maxDeadlineMs,
    drainGraceMs: config.drain.gracePeriodMs,
    allowDispose: config.allowDispose,
    allowInvalidateCache: config.cache.allowInvalidate,
    allowReload: config.allowReload,
    configRevision: revision,
    overload,
    maxRepeatedLines: config.log.maxRepeats,
  };
}

/** One message of the largest size fits whatever the rest says: half of them would never. */
function bytesInFlight({ limits, overload }: Config): number {
  const memory = memoryBytes();
  // The heap has half of it, unless Node.js was told otherwise.
  const share = Math.min(memory, 2 * oldGenerationBytes(memory)) * overload.maxRequestShare;
  const one = (limits.maxMessageBytes + MESSAGE_OVERHEAD) / overload.maxConnectionShare;
  return Math.max(Math.min(share, overload.maxRequestsBytes), Math.min(share, one));
}

/** What its frames are counted with, for a message of some megabytes. */
const MESSAGE_OVERHEAD = 1024 * 1024;

/** What the container, or else the machine, has for this process. */
function memoryBytes(): number {
  return Math.min(process.constrainedMemory() || Infinity, totalmem());
}

/** Files and connections that this process may have open; infinite where that cannot be told. */
function maxOpenFiles(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
