/** Writes docs/models.md from the built-in catalogue. Run it after every change there. */
import { writeFileSync } from 'node:fs';
import { modelsDoc } from './models-doc.ts';

writeFileSync(new URL('../docs/models.md', import.meta.url), modelsDoc());
