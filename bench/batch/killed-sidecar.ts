import { readFileSync } from 'node:fs';
import { type Sidecar, startSidecar } from '../sidecar.ts';

/** A sidecar that is killed and started again, with the same data directory. */
export class KilledSidecar {
  readonly #upstream: string;
  readonly #config: string;
  #running: Sidecar | undefined;
  #address = '';
  kills = 0;
  /** The most resident memory of any of them, in bytes; 0 where nobody knows. */
  peakBytes = 0;

  constructor(upstream: string, config: string) {
    this.#upstream = upstream;
    this.#config = config;
  }

  /** Where it serves, or did last. */
  get address(): string {
    return this.#address;
  }

  async start(): Promise<void> {
    this.#running = await startSidecar({
      upstream: this.#upstream,
      entry: 'dist/main.js',
      environment: { TAMMA_CONFIG: this.#config },
    });
    this.#address = this.#running.address;
  }

  async kill(): Promise<void> {
    this.look();
    await this.#running?.kill();
    this.#running = undefined;
    this.kills += 1;
  }

  async stop(): Promise<void> {
    this.look();
    await this.#running?.stop();
    this.#running = undefined;
  }

  /** The kernel keeps the peak itself. */
  look(): void {
    if (this.#running === undefined || process.platform !== 'linux') return;
    const status = readFileSync(`/proc/${this.#running.pid}/status`, 'utf8');
    const [, kib = '0'] = /VmHWM:\s+(\d+) kB/.exec(status) ?? [];
    this.peakBytes = Math.max(this.peakBytes, Number(kib) * 1024);
  }
}
