import { HOSTED_TOOLS } from './strict-hosted-tools.ts';
import {
  anyObject,
  arrayOf,
  type Check,
  either,
  flag,
  nullable,
  object,
  oneOf,
  text,
  variant,
} from './strict-values.ts';

/** Of functions and schemas. */
export const identifier: Check = text({ least: 1, most: 64, pattern: /^[a-zA-Z0-9_-]+$/ });

const MAX_TOOLS = 128;

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
        function: object({ ...FUNCTION_FIELDS, description: text() }, ['name']),
      },
      ['type', 'function'],
    ),
    custom: object(
      {
        type: oneOf('custom'),
        custom: object(
          {
            name: identifier,
            description: text(),
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
