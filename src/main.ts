import { readFileSync } from 'node:fs';
import { run } from './cli.ts';

const readFile = (path: string | URL) => readFileSync(path, 'utf8');

// Beside src and dist alike.
const manifest = new URL('../package.json', import.meta.url);
const { version }: { readonly version: string } = JSON.parse(readFile(manifest));
const environment = process.env;

const exitCode = await run(
  {
    argv: process.argv.slice(2),
    environment,
    readFile,
    version,
    createApp: async (config) =>
      (await import('./app.ts')).createApp(config, { version, environment }),
    output: process.stdout,
  },
  process,
);
// Not by running dry: a handle that somebody forgot must not keep a stopped sidecar alive.
process.exit(exitCode);
