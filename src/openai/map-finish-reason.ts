import type { FinishReason } from '../core/events.ts';

/**
 * What the model's stopping means here. Compatible servers have words of their own for giving up
 * ("error", "insufficient_system_resource"); whatever is unknown is not a clean end.
 */
export function toFinishReason(raw: string): FinishReason {
  switch (raw) {
    case 'stop':
    case 'length':
    case 'tool_calls':
    case 'content_filter':
      return raw;
    case 'function_call':
      return 'tool_calls';
    default:
      return 'error';
  }
}

/** What it means here that a Responses answer is `incomplete`, by the reason it gives. */
export function toIncompleteReason(raw: string): FinishReason {
  switch (raw) {
    case 'max_output_tokens':
      return 'length';
    case 'content_filter':
      return 'content_filter';
    default:
      return 'error';
  }
}
