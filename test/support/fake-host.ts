import { EventEmitter } from 'node:events';
import { Readable, Writable } from 'node:stream';
import type { Host, Output, ServedApp } from '../../src/cli/serve.ts';

/** A process that only notes what is done to it. Emit 'SIGTERM' and the like on it. */
export class FakeHost extends EventEmitter implements Host {
  out = '';
  err = '';
  readonly exits: number[] = [];
  stdin: Host['stdin'] = Readable.from([]);
  readonly stdout: Output = noting((text) => {
    this.out += text;
  });
  readonly stderr: Output = noting((text) => {
    this.err += text;
  });

  exit(code: number): void {
    this.exits.push(code);
  }
}

/** A sidecar whose start and stop end when the test says so; by default at once. */
export class FakeSidecar implements ServedApp {
  readonly #stopped = Promise.withResolvers<void>();
  readonly stopped = this.#stopped.promise;
  lostRecords = 0;
  /** What was called and logged, in order. */
  readonly events: string[] = [];
  whenStarted: Promise<readonly string[]> = Promise.resolve(['127.0.0.1:50051']);
  whenDrained: Promise<void> = Promise.resolve();
  readonly logger = {
    info: this.#log('info'),
    error: this.#log('error'),
    fatal: this.#log('fatal'),
  };

  start(): Promise<readonly string[]> {
    this.events.push('start');
    return this.whenStarted;
  }

  reload(): void {
    this.events.push('reload');
  }

  async stop(): Promise<void> {
    this.events.push('stop');
    await this.whenDrained;
    this.#stopped.resolve();
  }

  #log(level: string) {
    return (fields: object, message: string) => {
      const [subject] = Object.values(fields);
      this.events.push(`${level}: ${message}: ${subject}`);
    };
  }
}

function noting(note: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => {
      note(String(chunk));
      done();
    },
  });
}
