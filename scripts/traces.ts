/** `npm run traces`: makes the pictures of traces in docs/images anew, of spans that a sidecar sent over OTLP. */
import { writeFileSync } from 'node:fs';
import { drawTrace, rowsOf } from './traces/draw.ts';
import { record, SCENES } from './traces/scenes.ts';

for (const scene of SCENES) {
  const file = `docs/images/trace-${scene.name}.svg`;
  writeFileSync(file, drawTrace(scene.title, rowsOf(await record(scene))));
  console.log(file);
}
