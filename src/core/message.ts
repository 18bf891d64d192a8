/** A conversation and how to answer it: the in-process form of tamma.provider.v1.MessageRequest. */

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

/** A piece of text in a message. */
export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

/** How much of an image the model looks at; without one the upstream chooses. */
export const IMAGE_DETAILS = ['auto', 'low', 'high', 'original'] as const;

/** Exactly one of `data` (with `mediaType`) and `uri`. */
export interface ImagePart {
  readonly type: 'image';
  readonly data?: Uint8Array;
  readonly uri?: string;
  readonly mediaType?: string;
  readonly detail?: (typeof IMAGE_DETAILS)[number];
}

/** Exactly one of `data` (with `name` and `mediaType`), `uri` and `fileId`. */
export interface FilePart {
  readonly type: 'file';
  readonly data?: Uint8Array;
  readonly uri?: string;
  /** The upstream's id of a file that was uploaded to it before. */
  readonly fileId?: string;
  readonly name?: string;
  readonly mediaType?: string;
}

/** What a message consists of. */
export type ContentPart = TextPart | ImagePart | FilePart;

/** What is called, and so what its arguments and its result look like: docs/agents.md. */
export type ToolKind = 'function' | 'custom' | 'apply_patch' | 'shell' | 'mcp_approval';

/** A tool that the model calls. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote them, byte for byte; usually JSON. */
  readonly arguments: string;
  /** Absent: a function. */
  readonly kind?: ToolKind;
  /** What the upstream wants back with this call, opaque. */
  readonly providerData?: string;
}

/** One turn of a conversation, or one result of a tool. */
export interface Message {
  readonly role: Role;
  /** Text, or text, images and files in order. */
  readonly content: string | readonly ContentPart[];
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
  readonly name?: string;
  /** Of an assistant turn, as `completed` gave them. */
  readonly reasoningItems?: readonly ReasoningItem[];
  /** What an assistant turn's text was, as `textDelta` gave it: `commentary` or `final_answer`. */
  readonly phase?: string;
  /** What the upstream wants back with an assistant turn, opaque, as `completed` gave it. */
  readonly providerData?: string;
  /** What the model thought in an assistant turn, as plain text. */
  readonly reasoning?: string;
}

/** Sealed reasoning of one turn, opaque to everybody but the upstream. */
export interface ReasoningItem {
  readonly id: string;
  readonly encryptedContent: string;
  readonly summary: readonly string[];
  /** `compaction`: a sealed conversation. Absent: reasoning. */
  readonly type?: string;
}

/** A function, or a custom tool, that the model may call. */
export interface Tool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of an object, as JSON text: a string keeps key order and integers. */
  readonly inputSchema?: string;
  readonly strict?: boolean;
  /** Present: a custom tool, whose input is text of this form. */
  readonly custom?: CustomFormat;
}

/** What the input of a custom tool looks like. */
export type CustomFormat =
  | { readonly type: 'text' }
  | {
      readonly type: 'grammar';
      /** `lark` or `regex`. */
      readonly syntax: string;
      readonly definition: string;
    };

/** A tool that the upstream runs itself, or whose form the model knows (the last two). */
export type HostedTool =
  | {
      readonly type: 'web_search';
      readonly allowedDomains?: readonly string[];
      readonly searchContextSize?: string;
      readonly location?: SearchLocation;
    }
  | {
      readonly type: 'file_search';
      readonly vectorStoreIds: readonly string[];
      readonly maxResults?: number;
      /** The upstream's JSON. */
      readonly filters?: string;
    }
  | {
      readonly type: 'code_interpreter';
      readonly containerId?: string;
      readonly fileIds?: readonly string[];
    }
  | {
      readonly type: 'image_generation';
      readonly size?: string;
      readonly quality?: string;
      readonly background?: string;
      readonly outputFormat?: string;
    }
  | {
      readonly type: 'mcp';
      /** Its name in the configuration. */
      readonly server: string;
      readonly allowedTools?: readonly string[];
    }
  | { readonly type: 'apply_patch' }
  | { readonly type: 'shell' };

/** Where somebody is, roughly. */
export interface SearchLocation {
  readonly city?: string;
  readonly region?: string;
  readonly country?: string;
  readonly timezone?: string;
}

/** Whether tools may be called, may not, or must. */
export type ToolChoiceMode = 'auto' | 'none' | 'required';

/** Whether tools are called, and which. */
export type ToolChoice =
  | ToolChoiceMode
  | { readonly functionName: string }
  | { readonly allowed: { readonly mode: ToolChoiceMode; readonly names: readonly string[] } }
  | { readonly customName: string }
  | { readonly hosted: string };

/** The form of the answer's text. Default: text. */
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

/** What the call is for: it selects what the profile of the model says of such tasks. */
export type TaskType =
  | 'code_generation'
  | 'code_review'
  | 'reasoning'
  | 'analysis'
  | 'documentation'
  | 'testing'
  | 'debugging'
  | 'planning';

/** Whether the response cache is passed by, used, or only written. */
export type CacheMode = 'bypass' | 'use' | 'refresh';

/** What a call may take from and leave in the response cache. */
export interface CachePolicy {
  readonly mode?: CacheMode;
  readonly ttlMs?: number;
  readonly coalesce?: boolean;
}

/** How the upstream caches the beginning of a prompt. */
export interface PromptCacheOptions {
  /** `implicit` or `explicit`. */
  readonly mode?: string;
  /** `30m` or `12h`. */
  readonly ttl?: string;
}

/** What becomes of a conversation that is longer than the window of its model. Default: reject. */
export type ContextPolicy = 'reject' | 'truncate_oldest' | 'truncate_middle' | 'compact';

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
  readonly cache?: CachePolicy;
  readonly contextPolicy?: ContextPolicy;
  readonly metadata?: Readonly<Record<string, string>>;
  /** `auto`, `concise` or `detailed`. */
  readonly reasoningSummary?: string;
  readonly promptCacheOptions?: PromptCacheOptions;
  readonly hostedTools?: readonly HostedTool[];
  readonly maxToolCalls?: number;
  readonly idempotencyKey?: string;
}
