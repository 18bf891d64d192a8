/**
 * Writes config.schema.json and the tables of docs/configuration.md from the schema in src/config,
 * models.schema.json from that of the catalogue, and simulator.schema.json from that of scripts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { catalogueJsonSchema } from './catalogue-json-schema.ts';
import { withKeyTables } from './config-doc.ts';
import { scriptJsonSchema } from './script-json-schema.ts';

const SCHEMA = new URL('../config.schema.json', import.meta.url);
const MODELS_SCHEMA = new URL('../models.schema.json', import.meta.url);
const SCRIPT_SCHEMA = new URL('../simulator.schema.json', import.meta.url);
const DOCUMENT = new URL('../docs/configuration.md', import.meta.url);

writeFileSync(SCHEMA, configJsonSchema());
writeFileSync(MODELS_SCHEMA, catalogueJsonSchema());
writeFileSync(SCRIPT_SCHEMA, scriptJsonSchema());
writeFileSync(DOCUMENT, withKeyTables(readFileSync(DOCUMENT, 'utf8')));
