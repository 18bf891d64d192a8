import type { RecordedRequest } from './recorded-request.ts';

const GENERATING = new Set(['/v1/chat/completions', '/v1/responses']);

/** Whether it asks a model for an answer. */
export function isGenerating({ method, path }: RecordedRequest): boolean {
  return method === 'POST' && GENERATING.has(withoutQuery(path));
}

/** The model of `GET /v1/models/ID`, '' of the whole list; undefined: it asks for neither. */
export function modelAsked({ method, path }: RecordedRequest): string | undefined {
  const [, id] = /^\/v1\/models(?:\/([^/]+))?$/.exec(withoutQuery(path)) ?? [undefined, null];
  if (method !== 'GET' || id === null) return undefined;
  return id === undefined ? '' : decoded(id);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Azure asks for its API version there. */
export function withoutQuery(path: string): string {
  return path.replace(/\?.*$/, '');
}
