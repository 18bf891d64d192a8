/**
 * Holds the imports of src to the house's plan: a folder imports only what stands before it in LAYERS of layers.ts,
 * types included; folders form no cycle, at any depth; and a package lives where PACKAGES says. Exits 1
 * and names each import that breaks a rule.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { breaches, GENERATED, type Import } from './layers.ts';

const IMPORT = /^(?:import|export)\b[^;]*?\bfrom '([^']+)'/gms;

const imports = globSync('src/**/*.ts')
  .filter((path) => !path.startsWith(join('src', GENERATED.folder)))
  .flatMap((path) => importsOf(path));
const problems = breaches(imports);
for (const problem of problems) console.error(problem);
console.log(`${imports.length} imports, ${problems.length} against the layers`);
process.exitCode = problems.length === 0 ? 0 : 1;

function importsOf(path: string): Import[] {
  const from = relative('src', path);
  return [...readFileSync(path, 'utf8').matchAll(IMPORT)].map(([, written = '']) => {
    const isFile = written.startsWith('.');
    return { from, isFile, to: isFile ? join(dirname(from), written) : written };
  });
}
