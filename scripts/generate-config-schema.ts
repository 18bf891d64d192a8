/** Writes config.schema.json from the schema in src/config. Run it after every change there. */
import { writeFileSync } from 'node:fs';
import { configJsonSchema } from '../src/config/json-schema.ts';

writeFileSync(new URL('../config.schema.json', import.meta.url), configJsonSchema());
