import { readFileSync } from 'node:fs';
import { run } from './cli.ts';
import { forgetSecrets } from './secret-variables.ts';

const readFile = (path: string | URL) => readFileSync(path, 'utf8');

// Beside src and dist alike.
const manifest = new URL('../package.json', import.meta.url);
const { version }: { readonly version: string } = JSON.parse(readFile(manifest));
const environment = { ...process.env };
// A report would list them all.
if (process.report !== undefined) process.report.excludeEnv = true;

const exitCode = await run(
  {
    argv: process.argv.slice(2),
    environment,
    readFile,
    version,
    createApp: async (config, pretty) => {
      const { createApp } = await import('./app.ts');
      const app = createApp(config, { version, environment, pretty });
      // By now OpenTelemetry has read what it needs, and the provider has hidden its secrets.
      forgetSecrets(process.env);
      return app;
    },
    output: process.stdout,
  },
  process,
);
// Not by running dry: a handle that somebody forgot must not keep a stopped sidecar alive.
process.exit(exitCode);
