import { z } from 'zod';
import { catalogueSchema, modelFieldsSchema } from '../src/request/catalogue/schema.ts';

const ID = 'https://provider.tamma.dev/models.schema.json';

/** What isModelName demands of the names of models, but that it counts in units of UTF-16. */
const NAME_PATTERN = '^[^\\p{Cc}\\p{Cs}]{1,256}$';

/** JSON Schema (2020-12) of the file that `catalogue.file` names, as the text of a file. */
export function catalogueJsonSchema(): string {
  const name = modelFieldsSchema.shape.name.unwrap();
  const { $schema, ...schema } = z.toJSONSchema(catalogueSchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === name) jsonSchema.pattern = NAME_PATTERN;
      // The pattern that stands beside it says the same, and needs no validator that knows formats.
      delete jsonSchema.format;
    },
  });
  const title = 'Catalogue of models of the Tamma OpenAI provider';
  return `${JSON.stringify({ $schema, $id: ID, title, ...schema }, undefined, 2)}\n`;
}
