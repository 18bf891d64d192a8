/**
 * A client of the sidecar for TypeScript services: each RPC as a function that takes as much of a
 * message as there is to say, answers as they stream or whole, and the details of errors.
 */

export { BatchExecution, BatchState } from '../gen/tamma/provider/v1/batch_provider.ts';
export { BudgetPeriod, BudgetScope } from '../gen/tamma/provider/v1/budget.ts';
export { ErrorReason, TimeoutPhase } from '../gen/tamma/provider/v1/error.ts';
export {
  type Completed,
  FinishReason,
  type MessageResponse,
  StreamRecovery,
} from '../gen/tamma/provider/v1/event.ts';
export {
  CacheMode,
  ContextPolicy,
  ImageDetail,
  type Message,
  type MessageRequest,
  Role,
  TaskType,
  ToolChoiceMode,
  ToolKind,
} from '../gen/tamma/provider/v1/message.ts';
export type { SendMessageResponse } from '../gen/tamma/provider/v1/provider.ts';
export { UsageDimension } from '../gen/tamma/provider/v1/usage_provider.ts';
export { type Answer, collect } from './collect.ts';
export { type ConnectOptions, connect, type Sidecar } from './connect.ts';
export { type ErrorDetails, errorDetails } from './error-details.ts';
export type { RpcOptions } from './rpc.ts';
