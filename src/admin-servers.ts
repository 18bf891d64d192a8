import type { Config } from './config/config.ts';
import { adminServerOptions, under } from './listener-options.ts';
import { type AdminServerDeps, createAdminServer } from './server/admin/admin.ts';

const KEYS = {
  everything: 'adminListen',
  health: 'healthListen',
  metrics: 'metricsListen',
} as const;

/** What operators, probes and scrapers ask, at as many addresses as the configuration has. */
export class AdminServers {
  readonly #servers;
  #addresses: readonly string[] = [];

  constructor(config: Config, deps: AdminServerDeps) {
    this.#servers = adminServerOptions(config).map((options) => ({
      key: KEYS[options.serves],
      server: createAdminServer(options, deps),
    }));
  }

  /** Of those that listen, real ports filled in; the first is the one with everything. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  async start(): Promise<void> {
    for (const { key, server } of this.#servers) {
      this.#addresses = [...this.#addresses, await under(key, server.start())];
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map(({ server }) => server.stop()));
  }
}
