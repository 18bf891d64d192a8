import { Rejection, unsupportedParameter } from './strict-error.ts';
import type { StrictModel } from './strict-models.ts';
import { checkFunctionSchema, checkStrictSchema } from './strict-schema.ts';
import {
  anyObject,
  arrayOf,
  type Check,
  either,
  type Fields,
  flag,
  isObject,
  nullable,
  object,
  oneOf,
  text,
  variant,
} from './strict-values.ts';

/** Of functions and schemas. */
export const identifier: Check = text({ least: 1, most: 64, pattern: /^[a-zA-Z0-9_-]+$/ });

const MAX_TOOLS = 128;
const MAX_DESCRIPTION = 1024;

const FUNCTION_FIELDS = {
  name: identifier,
  description: nullable(text()),
  parameters: nullable(anyObject),
  strict: nullable(flag),
};

const MODES = oneOf('none', 'auto', 'required');
const isString = (value: unknown): boolean => typeof value === 'string';

/** `tools` of Chat Completions. */
export const chatTools: Check = arrayOf(
  variant('type', {
    function: object(
      {
        type: oneOf('function'),
        function: object({ ...FUNCTION_FIELDS, description: text({ most: MAX_DESCRIPTION }) }, [
          'name',
        ]),
      },
      ['type', 'function'],
    ),
  }),
  1,
  MAX_TOOLS,
);

export const chatToolChoice: Check = either(
  isString,
  MODES,
  object({ type: oneOf('function'), function: object({ name: identifier }, ['name']) }, [
    'type',
    'function',
  ]),
);

/** `tools` of Responses. */
export const responsesTools: Check = arrayOf(
  variant('type', {
    function: object({ type: oneOf('function'), ...FUNCTION_FIELDS }, ['type', 'name']),
  }),
  0,
  MAX_TOOLS,
);

export const responsesToolChoice: Check = either(
  isString,
  MODES,
  object({ type: oneOf('function'), name: identifier }, ['type', 'name']),
);

/** A function as both surfaces define it, and where its schema stands. */
interface Definition {
  readonly fields: Fields;
  readonly param: string;
}

/** Rules between the tools, their use and the model. The types must have been checked. */
export function checkTools(model: StrictModel, body: Fields, surface: 'chat' | 'responses'): void {
  const tools = Array.isArray(body.tools) ? body.tools : [];
  const definitions = tools.map((tool: Fields, index): Definition => {
    const { function: nested } = tool;
    return surface === 'chat' && isObject(nested)
      ? { fields: nested, param: `tools[${index}].function.parameters` }
      : { fields: tool, param: `tools[${index}].parameters` };
  });
  if (definitions.length > 0 && model.tools === false) throw unsupportedParameter('tools');
  for (const definition of definitions) checkDefinition(definition);
  checkUse(body, definitions, surface);
  if (Object.hasOwn(body, 'parallel_tool_calls') && model.parallelToolCalls === false) {
    throw unsupportedParameter('parallel_tool_calls');
  }
}

function checkDefinition({ fields, param }: Definition): void {
  const { parameters, name } = fields;
  if (!isObject(parameters)) return;
  const owner = { name: `function '${name}'`, param, code: 'invalid_function_parameters' };
  checkFunctionSchema(parameters, owner);
  if (fields.strict === true) checkStrictSchema(parameters, owner);
}

function checkUse(
  body: Fields,
  definitions: readonly Definition[],
  surface: 'chat' | 'responses',
): void {
  const { tool_choice: choice } = body;
  if (definitions.length === 0) {
    if (surface === 'chat') {
      for (const name of ['tool_choice', 'parallel_tool_calls']) {
        if (Object.hasOwn(body, name)) throw onlyWithTools(name);
      }
    }
    if (choice === 'required' || isObject(choice)) throw onlyWithTools('tool_choice');
  }
  const chosen = chosenFunction(choice);
  if (chosen === undefined || definitions.some(({ fields }) => fields.name === chosen)) return;
  throw new Rejection(
    `Invalid value for 'tool_choice': no function named '${chosen}' was specified in the 'tools' parameter.`,
    { param: 'tool_choice' },
  );
}

function chosenFunction(choice: unknown): unknown {
  if (!isObject(choice)) return undefined;
  return isObject(choice.function) ? choice.function.name : choice.name;
}

function onlyWithTools(name: string): Rejection {
  return new Rejection(
    `Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`,
    { param: name },
  );
}
