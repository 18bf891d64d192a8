import { Rejection, unsupportedParameter } from './strict-error.ts';
import { HOSTED_TOOLS } from './strict-hosted-tools.ts';
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

const GRAMMAR_FIELDS = {
  syntax: oneOf('lark', 'regex'),
  definition: text({ least: 1 }),
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
    custom: object(
      {
        type: oneOf('custom'),
        custom: object(
          {
            name: identifier,
            description: text({ most: MAX_DESCRIPTION }),
            format: variant('type', {
              text: object({ type: oneOf('text') }, ['type']),
              grammar: object(
                {
                  type: oneOf('grammar'),
                  grammar: object(GRAMMAR_FIELDS, ['syntax', 'definition']),
                },
                ['type', 'grammar'],
              ),
            }),
          },
          ['name'],
        ),
      },
      ['type', 'custom'],
    ),
  }),
  1,
  MAX_TOOLS,
);

const CHAT_NAMED = {
  function: object({ type: oneOf('function'), function: object({ name: identifier }, ['name']) }, [
    'type',
    'function',
  ]),
  custom: object({ type: oneOf('custom'), custom: object({ name: identifier }, ['name']) }, [
    'type',
    'custom',
  ]),
};

const ALLOWED_MODE = oneOf('auto', 'required');

export const chatToolChoice: Check = either(
  isString,
  MODES,
  variant('type', {
    ...CHAT_NAMED,
    allowed_tools: object(
      {
        type: oneOf('allowed_tools'),
        allowed_tools: object(
          { mode: ALLOWED_MODE, tools: arrayOf(variant('type', CHAT_NAMED), 1, MAX_TOOLS) },
          ['mode', 'tools'],
        ),
      },
      ['type', 'allowed_tools'],
    ),
  }),
);

/** `tools` of Responses. */
export const responsesTools: Check = arrayOf(
  variant('type', {
    function: object({ type: oneOf('function'), ...FUNCTION_FIELDS }, ['type', 'name']),
    custom: object(
      {
        type: oneOf('custom'),
        name: identifier,
        description: text(),
        format: variant('type', {
          text: object({ type: oneOf('text') }, ['type']),
          grammar: object({ type: oneOf('grammar'), ...GRAMMAR_FIELDS }, [
            'type',
            'syntax',
            'definition',
          ]),
        }),
      },
      ['type', 'name'],
    ),
    ...HOSTED_TOOLS,
  }),
  0,
  MAX_TOOLS,
);

const bare = (type: string): Check => object({ type: oneOf(type) }, ['type']);
const NAMED: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(Object.keys(HOSTED_TOOLS).map((type) => [type, bare(type)])),
  function: object({ type: oneOf('function'), name: identifier }, ['type', 'name']),
  custom: object({ type: oneOf('custom'), name: identifier }, ['type', 'name']),
  mcp: object({ type: oneOf('mcp'), server_label: text({ least: 1 }), name: nullable(text()) }, [
    'type',
    'server_label',
  ]),
};

export const responsesToolChoice: Check = either(
  isString,
  MODES,
  variant('type', {
    ...NAMED,
    allowed_tools: object(
      {
        type: oneOf('allowed_tools'),
        mode: ALLOWED_MODE,
        tools: arrayOf(variant('type', NAMED), 1, MAX_TOOLS),
      },
      ['type', 'mode', 'tools'],
    ),
  }),
);

/** A tool as both surfaces define it, and where its schema stands, if it has one. */
interface Definition {
  readonly type: string;
  readonly fields: Fields;
  readonly param: string;
}

/** Rules between the tools, their use and the model. The types must have been checked. */
export function checkTools(model: StrictModel, body: Fields, surface: 'chat' | 'responses'): void {
  const tools = Array.isArray(body.tools) ? body.tools : [];
  const definitions = tools.map((tool: Fields, index): Definition => {
    const type = String(tool.type);
    const nested = tool[type];
    return surface === 'chat' && isObject(nested)
      ? { type, fields: nested, param: `tools[${index}].${type}.parameters` }
      : { type, fields: tool, param: `tools[${index}].parameters` };
  });
  for (const { type, param } of definitions) checkKnown(model, type, param);
  if (definitions.length > 0 && model.tools === false) throw unsupportedParameter('tools');
  for (const definition of definitions) checkDefinition(definition);
  checkUse(body, definitions, surface);
  if (Object.hasOwn(body, 'parallel_tool_calls') && model.parallelToolCalls === false) {
    throw unsupportedParameter('parallel_tool_calls');
  }
}

/** Models before GPT-5 know functions and what OpenAI runs. */
const BEFORE_GPT_5 = /^(?:gpt-[34]|o\d)/;
const FROM_GPT_5_ON: readonly string[] = ['custom', 'apply_patch', 'shell'];

function checkKnown({ id }: StrictModel, type: string, param: string): void {
  if (!FROM_GPT_5_ON.includes(type) || !BEFORE_GPT_5.test(id)) return;
  throw new Rejection(`Tool '${type}' is not supported with ${id}.`, {
    param: param.replace(/\..*/, ''),
  });
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
  checkChosen(choice, definitions);
}

function checkChosen(choice: unknown, definitions: readonly Definition[]): void {
  for (const { type, name } of chosenTools(choice)) {
    if (definitions.some((each) => each.type === type && nameOf(each) === name)) continue;
    const what = name === undefined ? `tool of type '${type}'` : `${type} named '${name}'`;
    throw new Rejection(
      `Invalid value for 'tool_choice': no ${what} was specified in the 'tools' parameter.`,
      { param: 'tool_choice' },
    );
  }
}

interface Chosen {
  readonly type: string;
  /** Undefined: the type says it all. */
  readonly name: unknown;
}

function nameOf({ fields }: Pick<Definition, 'fields'>): unknown {
  return fields.name ?? fields.server_label;
}

function chosenTools(choice: unknown): readonly Chosen[] {
  if (!isObject(choice)) return [];
  if (choice.type === 'allowed_tools') {
    const { tools } = isObject(choice.allowed_tools) ? choice.allowed_tools : choice;
    return (tools as readonly Fields[]).flatMap(chosenTools);
  }
  const type = String(choice.type);
  const nested = choice[type];
  return [{ type, name: nameOf({ fields: isObject(nested) ? nested : choice }) }];
}

function onlyWithTools(name: string): Rejection {
  return new Rejection(
    `Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`,
    { param: name },
  );
}
