/** Writes config.schema.json and the tables of docs/configuration.md from the schema in src/config. */
import { readFileSync, writeFileSync } from 'node:fs';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { withKeyTables } from './config-doc.ts';

const SCHEMA = new URL('../config.schema.json', import.meta.url);
const DOCUMENT = new URL('../docs/configuration.md', import.meta.url);

writeFileSync(SCHEMA, configJsonSchema());
writeFileSync(DOCUMENT, withKeyTables(readFileSync(DOCUMENT, 'utf8')));
