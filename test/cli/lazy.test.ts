import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Without `import type`, which is gone when the program runs. */
const IMPORT = /^(?:import|export)\b(?! type)[^;]*?\bfrom '([^']+)'/gms;

/** The files and packages that are loaded with a file, before anything is asked for. */
function loadedWith(path: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, written = ''] of readFileSync(path, 'utf8').matchAll(IMPORT)) {
    if (written.startsWith('.')) loadedWith(join(dirname(path), written), found);
    else found.add(written);
  }
  return found;
}

const packagesIn = (loaded: ReadonlySet<string>) =>
  [...loaded].filter((name) => !name.endsWith('.ts') && !name.startsWith('node:'));

describe('what is loaded before a command does anything', () => {
  it('is the parser alone for --version and --help', () => {
    const loaded = loadedWith('src/main.ts');
    expect(packagesIn(loaded)).toEqual(['commander']);
    expect([...loaded].filter((path) => path.startsWith('src/cli/commands/'))).toEqual([]);
    expect(loaded.size).toBeLessThan(25);
  });

  it.each(globSync('src/cli/commands/*.ts'))('is no other package for the help of %s', (path) => {
    expect(packagesIn(loadedWith(path)).filter((name) => name !== 'commander')).toEqual([]);
    expect([...loadedWith(path)].filter((file) => file.startsWith('src/gen/'))).toEqual([]);
  });
});
