import { z } from 'zod';
import { configSchema } from './schema.ts';

/** JSON Schema (2020-12) of the configuration file, for editors, as the text of a file. */
export function configJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' });
  const title = 'Configuration of the Tamma OpenAI provider';
  return `${JSON.stringify({ $schema, title, ...schema }, undefined, 2)}\n`;
}
