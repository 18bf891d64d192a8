import { expect, it } from '@jest/globals';
import { breaches } from '../../scripts/layers.ts';

const file = (from: string, to: string) => ({ from, to, isFile: true });

it('lets a folder import what stands before it', () => {
  expect(breaches([file('money/a/x.ts', 'core/y.ts'), file('app.ts', 'server/x.ts')])).toEqual([]);
});

it.each([
  ['core/x.ts', 'money/a/y.ts'],
  ['openai/x.ts', 'shared-store/y.ts'],
  ['server/x.ts', 'app.ts'],
])('refuses an import against the layers: %s of %s', (from, to) => {
  expect(breaches([file(from, to)])).toEqual([`src/${from} imports src/${to}, against the layers`]);
});

it('refuses a cycle of folders within a layer, also through a third', () => {
  const ring = [
    file('money/a/x.ts', 'money/b/y.ts'),
    file('money/b/z.ts', 'money/c/y.ts'),
    file('money/c/x.ts', 'money/a/y.ts'),
  ];
  expect(breaches(ring.slice(0, 2))).toEqual([]);
  expect(breaches(ring)).toContain(
    'src/money/a and src/money/b import each other, directly or through others',
  );
});

it('refuses a package outside of its folder, and wire types outside of the server', () => {
  const opossum = { from: 'core/x.ts', to: 'opossum', isFile: false };
  expect(breaches([opossum, file('core/x.ts', 'gen/y.ts')])).toHaveLength(2);
});

it('keeps the simulator to its command', () => {
  expect(
    breaches([file('openai/x.ts', 'simulator/y.ts'), file('app.ts', 'simulator/y.ts')]),
  ).toEqual([
    "src/openai/x.ts imports the simulator's simulator/y.ts",
    "src/app.ts imports the simulator's simulator/y.ts",
  ]);
});
