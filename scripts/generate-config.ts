/**
 * Writes config.schema.json and the tables of docs/configuration.md from the schema in src/config, and
 * models.schema.json from that of the catalogue.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { catalogueJsonSchema } from './catalogue-json-schema.ts';
import { withKeyTables } from './config-doc.ts';

const SCHEMA = new URL('../config.schema.json', import.meta.url);
const MODELS_SCHEMA = new URL('../models.schema.json', import.meta.url);
const DOCUMENT = new URL('../docs/configuration.md', import.meta.url);

writeFileSync(SCHEMA, configJsonSchema());
writeFileSync(MODELS_SCHEMA, catalogueJsonSchema());
writeFileSync(DOCUMENT, withKeyTables(readFileSync(DOCUMENT, 'utf8')));
