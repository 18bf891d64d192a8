/** A conversation and how to answer it: the in-process form of tamma.provider.v1.MessageRequest. */

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

/** Exactly one of `data` (with `mediaType`) and `uri`. */
export interface ImagePart {
  readonly type: 'image';
  readonly data?: Uint8Array;
  readonly uri?: string;
  readonly mediaType?: string;
  readonly detail?: 'auto' | 'low' | 'high';
}

export type ContentPart = TextPart | ImagePart;

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote them, byte for byte; usually JSON. */
  readonly arguments: string;
}

export interface Message {
  readonly role: Role;
  /** Text, or text and images in order. */
  readonly content: string | readonly ContentPart[];
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
  readonly name?: string;
  /** Of an assistant turn, as `completed` gave them. */
  readonly reasoningItems?: readonly ReasoningItem[];
}

/** Sealed reasoning of one turn, opaque to everybody but the upstream. */
export interface ReasoningItem {
  readonly id: string;
  readonly encryptedContent: string;
  readonly summary: readonly string[];
}

export interface Tool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of an object, as JSON text: a string keeps key order and integers. */
  readonly inputSchema?: string;
  readonly strict?: boolean;
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly functionName: string };

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly name: string;
      readonly schema: string;
      readonly strict?: boolean;
      readonly description?: string;
    };

export type TaskType =
  | 'code_generation'
  | 'code_review'
  | 'reasoning'
  | 'analysis'
  | 'documentation'
  | 'testing'
  | 'debugging'
  | 'planning';

export type CacheMode = 'bypass' | 'use' | 'refresh';

export type ContextPolicy = 'reject' | 'truncate_oldest' | 'truncate_middle';

/** What a caller asks. Ranges and defaults stand in proto/tamma/provider/v1/message.proto. */
export interface MessageRequest {
  readonly messages: readonly Message[];
  /** Absent: the configured default. */
  readonly model?: string;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly reasoningEffort?: string;
  readonly tools?: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly responseFormat?: ResponseFormat;
  readonly taskType?: TaskType;
  readonly serviceTier?: string;
  readonly verbosity?: string;
  readonly promptCacheKey?: string;
  readonly promptCacheRetention?: string;
  readonly safetyIdentifier?: string;
  /** Token id to bias, -100 to 100. */
  readonly logitBias?: Readonly<Record<string, number>>;
  readonly prediction?: string;
  readonly fallbackModels?: readonly string[];
  readonly cacheMode?: CacheMode;
  readonly contextPolicy?: ContextPolicy;
  readonly metadata?: Readonly<Record<string, string>>;
}
