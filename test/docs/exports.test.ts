import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

/** Modules and names that a file exports again; no names: all of them. */
function exportsOf(file: string): readonly (readonly [module: string, names: string[]])[] {
  const found = readFileSync(file, 'utf8').matchAll(
    /export (?:type )?(\*|\{[^}]*\}) from '([^']+)'/g,
  );
  return [...found].map(([, names = '', module = '']) => [
    join(file, '..', module),
    [...names.matchAll(/(?:type )?(\w+),?/g)].map(([, name = '']) => name),
  ]);
}

/** Names without a comment that are declared in a module, or exported again by it. */
function undocumented(module: string, names: readonly string[]): readonly string[] {
  const isWanted = (name: string) => names.length === 0 || names.includes(name);
  const declared = readFileSync(module, 'utf8').matchAll(
    /(\*\/\s*)?\nexport (?:async |abstract )*(?:interface|type|class|const|function) (\w+)/g,
  );
  const own = [...declared].flatMap(([, comment, name = '']) =>
    comment === undefined && isWanted(name) ? [`${module}: ${name}`] : [],
  );
  const others = exportsOf(module).flatMap(([from, all]) => {
    const wanted = all.filter(isWanted);
    return all.length > 0 && wanted.length === 0 ? [] : undocumented(from, wanted);
  });
  return [...own, ...others];
}

it.each(['src/index.ts', 'src/client/index.ts'])(
  'every name that %s exports is explained',
  (index) => {
    // What is generated is explained in the contract.
    const own = exportsOf(index).filter(([module]) => !module.startsWith('src/gen'));
    expect(own.length).toBeGreaterThan(0);
    expect(own.flatMap(([module, names]) => undocumented(module, names))).toEqual([]);
  },
);
