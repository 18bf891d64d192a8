import type { HostedTool, MessageRequest, ToolChoice } from '../../core/message.ts';
import { MAX_COUNT } from '../../core/usage.ts';
import type { Violations } from './violations.ts';

const MODES: ReadonlySet<string> = new Set(['auto', 'none', 'required']);
const CHOICE = 'request.tool_choice';

/** Which of the tools may be called, and how often. */
export function checkToolUse(violations: Violations, request: MessageRequest): void {
  const { tools = [], hostedTools = [], maxToolCalls } = request;
  const without = tools.length + hostedTools.length === 0;
  if (request.parallelToolCalls !== undefined && without) {
    violations.malformed('request.parallel_tool_calls', 'is only allowed with tools');
  }
  if (maxToolCalls !== undefined) {
    if (!Number.isInteger(maxToolCalls) || maxToolCalls < 1 || maxToolCalls > MAX_COUNT) {
      violations.malformed('request.max_tool_calls', 'must be an integer of 1 or more');
    } else if (hostedTools.length === 0) {
      violations.malformed('request.max_tool_calls', 'is only allowed with hosted_tools');
    }
  }
  if (request.toolChoice !== undefined) {
    checkChoice(violations, request.toolChoice, new Names(request), without);
  }
}

/** What the tools of a request are called. */
class Names {
  readonly functions: ReadonlySet<string>;
  readonly custom: ReadonlySet<string>;
  readonly hosted: ReadonlySet<string>;

  constructor({ tools = [], hostedTools = [] }: MessageRequest) {
    this.functions = new Set(tools.filter(({ custom }) => !custom).map(({ name }) => name));
    this.custom = new Set(tools.filter(({ custom }) => custom).map(({ name }) => name));
    this.hosted = new Set(hostedTools.flatMap(namesOf));
  }

  has(name: string): boolean {
    return this.functions.has(name) || this.custom.has(name) || this.hosted.has(name);
  }
}

/** Its name in HostedTool; an MCP server goes by its own, too. */
function namesOf(tool: HostedTool): readonly string[] {
  return tool.type === 'mcp' ? [tool.type, tool.server] : [tool.type];
}

function checkChoice(
  violations: Violations,
  choice: ToolChoice,
  names: Names,
  without: boolean,
): void {
  const mustBe = (field: string, known: ReadonlySet<string>, name: string, what: string) => {
    if (known.has(name)) return;
    violations.malformed(`${CHOICE}.${field}`, `must be the name of one of the ${what}`);
  };
  if (typeof choice === 'string') {
    if (!MODES.has(choice)) {
      violations.malformed(`${CHOICE}.mode`, `must be one of ${[...MODES].join(', ')}`);
    } else if (choice === 'required' && without) {
      violations.malformed(`${CHOICE}.mode`, 'can only be required with tools');
    }
  } else if ('functionName' in choice) {
    mustBe('function_name', names.functions, choice.functionName, 'tools');
  } else if ('customName' in choice) {
    mustBe('custom_name', names.custom, choice.customName, 'custom tools');
  } else if ('hosted' in choice) {
    mustBe('hosted', names.hosted, choice.hosted, 'hosted_tools');
  } else checkAllowed(violations, choice.allowed, names);
}

function checkAllowed(
  violations: Violations,
  { mode, names: allowed }: Extract<ToolChoice, { readonly allowed: unknown }>['allowed'],
  names: Names,
): void {
  const path = `${CHOICE}.allowed`;
  if (mode !== 'auto' && mode !== 'required') {
    violations.malformed(`${path}.mode`, 'must be auto or required');
  }
  if (allowed.length === 0) violations.malformed(`${path}.names`, 'must name at least one tool');
  allowed.forEach((name, index) => {
    if (!names.has(name)) {
      violations.malformed(`${path}.names[${index}]`, 'must be the name of one of the tools');
    } else if (allowed.indexOf(name) < index) {
      violations.malformed(`${path}.names[${index}]`, 'must not be named twice');
    }
  });
}
