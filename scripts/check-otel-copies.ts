/** Fails if a package of OpenTelemetry is locked twice: two copies do not see each other's globals. */
import { readFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, unknown>;
};
const copies = new Map<string, string[]>();
for (const path of Object.keys(lock.packages)) {
  const name = /node_modules\/(@opentelemetry\/[^/]+)$/.exec(path)?.[1];
  if (name !== undefined) copies.set(name, [...(copies.get(name) ?? []), path]);
}
const twice = [...copies].filter(([, paths]) => paths.length > 1);
for (const [name, paths] of twice)
  console.error(`${name} is locked ${paths.length} times: ${paths}`);
process.exitCode = twice.length === 0 ? 0 : 1;
