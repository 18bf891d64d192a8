import { monotonicUs } from '../test/support/upstream/index.ts';
import { stampAt, textRange } from './answer-reader.ts';
import { ask, methodOf } from './contract.ts';
import { GrpcConnection } from './grpc-connection.ts';
import type { Target, TargetOptions } from './target.ts';

export interface GrpcTargetOptions extends TargetOptions {
  /** `host:port` */
  readonly address: string;
  readonly method: 'SendMessage' | 'SendMessageSync';
  /** Channels, among which the calls take turns. */
  readonly connections: number;
}

const TIMEOUT_MS = 60_000;

/** The sidecar. */
export function grpcTarget(options: GrpcTargetOptions): Target {
  const { address, method, tally, deltaBytes } = options;
  const connections = Array.from(
    { length: options.connections },
    () => new GrpcConnection(address),
  );
  const { path, encode } = methodOf(method);
  const request = encode(ask('Which day is it?'));
  let turn = 0;
  return {
    async call() {
      const connection = connections[turn++ % connections.length];
      const startedAt = monotonicUs();
      let hasText = false;
      const call = connection?.call(path, request, TIMEOUT_MS, (bytes, start) => {
        const range = textRange(bytes, start);
        if (range === undefined) return;
        tally.messageCame();
        const now = monotonicUs();
        if (!hasText) tally.firstTextCame(startedAt, now);
        hasText = true;
        for (let at = range.from; at < range.to; at += deltaBytes) {
          tally.chunkCame(stampAt(bytes, at), now);
        }
      });
      tally.callEnded((await call?.status) === 0);
    },
    close() {
      for (const connection of connections) connection.close();
    },
  };
}
