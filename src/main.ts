#!/usr/bin/env node
import { setDefaultHighWaterMark } from 'node:stream';
import { run } from './cli/run.ts';
import { readTextFileSync } from './core/read-file.ts';
import { forgetSecrets } from './secret-variables.ts';
import { optimizeSooner } from './tier-up.ts';

/** A recording that is replayed is by far the largest, in bytes. */
const MAX_BYTES = 256 * 2 ** 20;
const readFile = (path: string | URL) => readTextFileSync(path, MAX_BYTES);

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
}

// HTTP/2 takes so much of an answer that nobody reads, of each call; with the default of 64 KiB it is four times that.
setDefaultHighWaterMark(false, 16 * 2 ** 10);

// Beside src and dist alike.
const packageRoot = new URL('..', import.meta.url);
const manifest = new URL('package.json', packageRoot);
const { version, engines }: Manifest = JSON.parse(readFile(manifest));
// npm installs the package on an older one all the same.
const oldest = engines.node.replace('>=', '');
if (Number.parseInt(process.versions.node, 10) < Number(oldest)) {
  process.stderr.write(`Node.js ${oldest} or newer is needed; this is ${process.versions.node}.\n`);
  process.exit(1);
}
const environment = { ...process.env };
// A report would list them all.
if (process.report !== undefined) process.report.excludeEnv = true;

const exitCode = await run(
  {
    argv: process.argv.slice(2),
    environment,
    readFile,
    packageRoot,
    version,
    createApp: async (config, pretty, configPath) => {
      const { createApp } = await import('./app.ts');
      const { collectWhenIdle } = await import('./idle-memory.ts');
      const sources = { environment, readFile, ...(configPath !== undefined && { configPath }) };
      const rehearse = async () => (await import('./rehearsal.ts')).rehearse(version);
      const app = createApp(config, {
        version,
        environment,
        pretty,
        sources,
        rehearse,
        onWarm(running) {
          optimizeSooner();
          collectWhenIdle({ running });
        },
      });
      // By now OpenTelemetry has read what it needs, and the provider has hidden its secrets.
      forgetSecrets(process.env);
      return app;
    },
  },
  process,
);
// Not by running dry: a handle that somebody forgot must not keep a stopped sidecar alive.
process.exit(exitCode);
