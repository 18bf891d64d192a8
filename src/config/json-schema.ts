import { z } from 'zod';
import { configSchema } from './schema.ts';

/** Where the schema is published, and by which name others refer to it. */
const ID = 'https://provider.tamma.dev/config.schema.json';

/** JSON Schema (2020-12) of the configuration file, for editors, as the text of a file. */
export function configJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' });
  const title = 'Configuration of the Tamma OpenAI provider';
  // An empty file says null, and is a configuration.
  const type = ['object', 'null'];
  return `${JSON.stringify({ $schema, $id: ID, title, ...schema, type }, undefined, 2)}\n`;
}
