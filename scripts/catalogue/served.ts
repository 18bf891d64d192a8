import type { Model } from '../../src/core/model.ts';
import { namesOf } from '../../src/request/catalogue/check.ts';
import { isShutDown } from '../../src/request/catalogue/shutdown.ts';

export { namesOf };

/** Whether OpenAI serves it, and sells what it answers to messages. @param now epoch ms */
export function isServed(model: Model, now: number): boolean {
  return !model.capabilities.includes('embeddings') && !isShutDown(model, now);
}
