/** Writes docs/dependencies.md from package-lock.json. With `--check` it looks at the packages instead. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dependenciesDoc, dependencyProblems } from './dependencies.ts';

const read = (file: string) =>
  JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));
const manifest = read('package.json');
const lock = read('package-lock.json');

if (process.argv.includes('--check')) {
  const problems = dependencyProblems(manifest, lock);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
} else {
  const path = new URL('../docs/dependencies.md', import.meta.url);
  writeFileSync(path, dependenciesDoc(manifest, lock));
}
