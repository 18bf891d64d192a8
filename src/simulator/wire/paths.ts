import type { RecordedRequest } from './recorded-request.ts';

const GENERATING = new Set(['/v1/chat/completions', '/v1/responses']);

/** Whether it asks a model for an answer. */
export function isGenerating({ method, path }: RecordedRequest): boolean {
  return method === 'POST' && GENERATING.has(withoutQuery(path));
}

export function isModelList({ method, path }: RecordedRequest): boolean {
  return method === 'GET' && withoutQuery(path) === '/v1/models';
}

/** Azure asks for its API version there. */
function withoutQuery(path: string): string {
  return path.replace(/\?.*$/, '');
}
