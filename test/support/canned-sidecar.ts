import { type Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { HealthService } from '../../src/gen/grpc/health/v1/health.ts';
import { IAIBatchProviderService } from '../../src/gen/tamma/provider/v1/batch_provider.ts';
import { IAIProviderService } from '../../src/gen/tamma/provider/v1/provider.ts';
import { IAIUsageProviderService } from '../../src/gen/tamma/provider/v1/usage_provider.ts';

/** What a call ends with instead of an answer. */
interface Refusal {
  readonly code: number;
  readonly details: string;
  readonly metadata?: Metadata;
}

/** Calls of all kinds, as this server reads and answers them. */
interface Call extends AsyncIterable<unknown> {
  readonly request: unknown;
  write(message: unknown): void;
  end(): void;
  emit(event: 'error', error: Refusal): void;
}
type Reply = (error: Refusal | null, message?: unknown) => void;

/**
 * The services of a sidecar with answers that a real one gives only in rare states, or never, as one
 * of another version might.
 */
export class CannedSidecar {
  address = '';
  /** Oldest first. */
  readonly requests: unknown[] = [];
  readonly #answers = new Map<string, readonly unknown[] | Refusal>();
  readonly #server = new Server();

  constructor() {
    for (const service of [
      IAIProviderService,
      IAIUsageProviderService,
      IAIBatchProviderService,
      HealthService,
    ]) {
      const names = Object.entries(service).map(
        ([name, { requestStream }]) =>
          [
            name,
            (call: Call, reply?: Reply) => this.#serve(name, requestStream, call, reply),
          ] as const,
      );
      this.#server.addService(service, Object.fromEntries(names) as never);
    }
  }

  async start(): Promise<void> {
    const port = await new Promise<number>((resolve, reject) => {
      const insecure = ServerCredentials.createInsecure();
      this.#server.bindAsync('127.0.0.1:0', insecure, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    this.address = `127.0.0.1:${port}`;
  }

  /** From now on a method, such as `getUsage`, answers these. */
  answer(method: string, ...messages: readonly unknown[]): void {
    this.#answers.set(method, messages);
  }

  refuse(method: string, refusal: Refusal): void {
    this.#answers.set(method, refusal);
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  async #serve(name: string, streams: boolean, call: Call, reply?: Reply): Promise<void> {
    if (streams) for await (const request of call) this.requests.push(request);
    else this.requests.push(call.request);
    const answer = this.#answers.get(name) ?? { code: status.UNIMPLEMENTED, details: name };
    const refusal = 'code' in answer ? answer : undefined;
    if (reply) return reply(refusal ?? null, 'code' in answer ? undefined : answer[0]);
    if ('code' in answer) return void call.emit('error', answer);
    for (const message of answer) call.write(message);
    call.end();
  }
}
