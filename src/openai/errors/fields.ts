import type { FieldViolation } from '../../core/errors.ts';
import { identifierPath } from '../values/upstream-text.ts';

/**
 * The proto path of what OpenAI calls `param`, the most precise first. `$1` and `$2` are indices.
 * Deeper paths, into a schema for instance, point at the field that holds them.
 */
const FIELD_OF_PARAM: readonly (readonly [RegExp, string])[] = [
  [/^messages\[(\d+)\]\.content\[(\d+)\]\.image_url\b.*/, 'request.messages[$1].parts[$2].image'],
  [/^messages\[(\d+)\]\.content\[(\d+)\]\.text\b.*/, 'request.messages[$1].parts[$2].text'],
  [/^messages\[(\d+)\]\.content\[(\d+)\].*/, 'request.messages[$1].parts[$2]'],
  [
    /^messages\[(\d+)\]\.tool_calls\[(\d+)\]\.function\.(name|arguments)\b.*/,
    'request.messages[$1].tool_calls[$2].$3',
  ],
  [/^messages\[(\d+)\]\.tool_calls\[(\d+)\]\.id\b.*/, 'request.messages[$1].tool_calls[$2].id'],
  [/^messages\[(\d+)\]\.tool_calls\[(\d+)\].*/, 'request.messages[$1].tool_calls[$2]'],
  [
    /^messages\[(\d+)\]\.(role|content|name|tool_call_id|tool_calls)\b.*/,
    'request.messages[$1].$2',
  ],
  [/^messages\[(\d+)\].*/, 'request.messages[$1]'],
  [/^tools\[(\d+)\]\.function\.parameters\b.*/, 'request.tools[$1].input_schema'],
  [/^tools\[(\d+)\]\.function\.(name|description|strict)\b.*/, 'request.tools[$1].$2'],
  [/^tools\[(\d+)\]\.parameters\b.*/, 'request.tools[$1].input_schema'],
  // Gemini has one tool that declares all functions.
  [/^tools\[0\]\.function_declarations\[(\d+)\]\.parameters\b.*/, 'request.tools[$1].input_schema'],
  [/^tools\[0\]\.function_declarations\[(\d+)\].*/, 'request.tools[$1]'],
  [/^tools\[(\d+)\]\.(name|description|strict)\b.*/, 'request.tools[$1].$2'],
  [/^tools\[(\d+)\].*/, 'request.tools[$1]'],
  [/^tool_choice\.(?:function|name)\b.*/, 'request.tool_choice.function_name'],
  [
    /^response_format\.json_schema\.(name|schema|strict|description)\b.*/,
    'request.response_format.json_schema.$1',
  ],
  [/^response_format\.json_schema\b.*/, 'request.response_format.json_schema'],
  [/^text\.format\.(name|schema|strict|description)\b.*/, 'request.response_format.json_schema.$1'],
  [/^text\.format\b.*/, 'request.response_format'],
  [/^text\.verbosity$/, 'request.verbosity'],
  // A turn can be several items there, so an item's index says nothing about its message.
  [/^input\b.*/, 'request.messages'],
  [/^stop\[(\d+)\].*/, 'request.stop[$1]'],
  [/^max(?:_completion|_output)?_tokens$/, 'request.max_tokens'],
  [/^reasoning\.effort$/, 'request.reasoning_effort'],
  [
    /^(messages|model|temperature|top_p|frequency_penalty|presence_penalty|stop|seed|reasoning_effort|tools|tool_choice|parallel_tool_calls|response_format|service_tier|verbosity|prompt_cache_key|prompt_cache_retention|prompt_cache_options|safety_identifier|logit_bias|prediction)(?:[.[].*)?$/,
    'request.$1',
  ],
];

/**
 * The caller's field that the upstream complains about: the request, if it named none.
 *
 * @param message in which it may be named, where `param` names none
 */
export function toFieldViolation(param: string, verdict: string, message = ''): FieldViolation {
  const path = identifierPath(param);
  const field = (path && toField(path)) ?? fieldNamedIn(message);
  if (field) return { field, description: verdict };
  const named = path ? `: its parameter ${path}` : '';
  return { field: 'request', description: `${verdict}${named}` };
}

/** A path in quotes, or a name with an underscore in it. */
const NAMED = /["'`]([\w.[\]]{2,200})["'`]|\b([a-z]+(?:_[a-z]+)+)\b/g;

function fieldNamedIn(message: string): string | undefined {
  for (const [, quoted, bare = ''] of message.matchAll(NAMED)) {
    const field = toField((quoted ?? bare).replace(/^body\./, ''));
    if (field !== undefined) return field;
  }
  return undefined;
}

function toField(param: string): string | undefined {
  // Both `messages.[2]` and `messages.2` occur.
  const path = param.replaceAll('.[', '[').replace(/\.(\d+)(?=[.[]|$)/g, '[$1]');
  for (const [pattern, field] of FIELD_OF_PARAM) {
    if (pattern.test(path)) return path.replace(pattern, field);
  }
  return undefined;
}
