import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { drawTrace, outlineOf, rowsOf } from '../../scripts/traces/draw.ts';
import { record, SCENES } from '../../scripts/traces/scenes.ts';

it.each(SCENES)('the picture of the $name shows what a sidecar sends', async (scene) => {
  const picture = readFileSync(`docs/images/trace-${scene.name}.svg`, 'utf8');
  const now = drawTrace(scene.title, rowsOf(await record(scene)));
  // What is told, not when: a reset and the attempt that follows happen in the same millisecond. If it fails: `npm run traces`.
  expect(outlineOf(picture).toSorted()).toEqual(outlineOf(now).toSorted());
});
