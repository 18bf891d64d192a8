import type { ResponseFormat } from '../../core/message.ts';
import { jsonSchemaProblems } from './json-schema.ts';
import { checkWellFormed, IDENTIFIER, IDENTIFIER_RULE } from './text.ts';
import type { Violations } from './violations.ts';

const PATH = 'request.response_format';

export function checkResponseFormat(
  violations: Violations,
  format: ResponseFormat | undefined,
): void {
  switch (format?.type) {
    case undefined:
    case 'text':
    case 'json_object':
      break;
    case 'json_schema': {
      const path = `${PATH}.json_schema`;
      if (!IDENTIFIER.test(format.name)) violations.malformed(`${path}.name`, IDENTIFIER_RULE);
      for (const problem of jsonSchemaProblems(format.schema)) {
        violations.malformed(`${path}.schema`, problem);
      }
      checkWellFormed(violations, `${path}.description`, format.description);
      break;
    }
    default:
      violations.malformed(PATH, 'must be text, json_object or json_schema');
  }
}
