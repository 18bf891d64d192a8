import { isObject } from '../../core/is-object.ts';
import { Rejection, unsupportedParameter } from './strict-error.ts';
import type { StrictModel } from './strict-models.ts';
import { checkFunctionSchema, checkStrictSchema } from './strict-schema.ts';
import type { Fields } from './strict-values.ts';

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
