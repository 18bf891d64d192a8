import { expect, it } from '@jest/globals';
import { capturesContent } from '../../src/telemetry/capture.ts';

it.each([
  [undefined, false, 0],
  ['', false, 0],
  ['no_content', false, 0],
  ['false', false, 0],
  ['SPAN_ONLY', true, 1],
  [' span_only ', true, 1],
  ['true', true, 1],
  ['SPAN_AND_EVENT', true, 2],
  ['EVENT_ONLY', false, 1],
  ['1', false, 1],
])('of %j content is on spans: %j, with %i warnings', (value, expected, warnings) => {
  const warned: unknown[] = [];
  const environment = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: value };
  const logger = { warn: (...words: unknown[]) => void warned.push(words) };
  expect(capturesContent(environment, logger)).toBe(expected);
  expect(warned).toHaveLength(warnings);
});
