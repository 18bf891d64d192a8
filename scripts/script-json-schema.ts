import { z } from 'zod';
import { scriptSchema } from '../src/simulator/script/schema.ts';

const ID = 'https://provider.tamma.dev/simulator.schema.json';

/** JSON Schema (2020-12) of the file that says what the simulator answers, as the text of a file. */
export function scriptJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(scriptSchema, {
    io: 'input',
    // The pattern that stands beside it says the same, and needs no validator that knows formats.
    override: ({ jsonSchema }) => void delete jsonSchema.format,
  });
  const title = 'Script of the simulator of the Tamma OpenAI provider';
  // An empty file says null, and is a script.
  const type = ['object', 'null'];
  return `${JSON.stringify({ $schema, $id: ID, title, ...schema, type }, undefined, 2)}\n`;
}
