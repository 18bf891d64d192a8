/**
 * `npm run check`: what a change must pass in a few minutes, in the order of what is cheapest; what
 * takes longer is `npm run test:long` and `npm run test:slow-machine`. Prints each step
 * and, last, `N passed, N failed`; exits 1 if one failed. Names of steps as arguments run only those.
 */
import { execFileSync, spawnSync } from 'node:child_process';

type Step = readonly [name: string, command: string, ...args: string[]];

const steps: readonly Step[] = [
  ['format, lint, cycles of files', 'biome', 'ci', '--error-on-warnings', '.'],
  ['layers and cycles of folders', 'node', 'scripts/check-layers.ts'],
  ['types', 'tsc', '--project', 'tsconfig.json'],
  ['build', 'node', 'scripts/build.ts'],
  ['dead code and undeclared packages', 'knip'],
  ['lock file is complete', 'node', 'scripts/complete-lock.ts', '--check'],
  ['integrity and licences of packages', 'node', 'scripts/generate-dependencies-doc.ts', '--check'],
  ['one copy of each OpenTelemetry package', 'node', 'scripts/check-otel-copies.ts'],
  ['contract: lint', 'buf', 'lint'],
  ['contract: compatible', 'buf', 'breaking', '--against', `.git#ref=${contractBase()}`],
  ['generated code is fresh', 'node', 'scripts/check-generated.ts'],
  ['tests and coverage', 'jest', '--coverage'],
];

/**
 * What the contract must stay compatible with: main, and on main itself the commit that introduced
 * the contract.
 */
function contractBase(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const head = git('rev-parse', 'HEAD');
  const branches = git('for-each-ref', '--format=%(objectname)', 'refs/heads/main');
  if (branches !== '' && branches !== head) return branches;
  const first = git('log', '--format=%H', '--reverse', '--', 'proto/tamma/provider/v1');
  return first.split('\n')[0] ?? head;
}

const wanted = process.argv.slice(2);
let passed = 0;
const failed: string[] = [];
for (const [name, command, ...args] of steps) {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
  console.log(`\n== ${name}`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) passed += 1;
  else failed.push(name);
}
console.log(failed.length === 0 ? '' : `\nfailed: ${failed.join('; ')}`);
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
