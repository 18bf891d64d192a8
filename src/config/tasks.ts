/** What calls are for, by the names that a configuration and a request in process have for them. */
export const TASKS = [
  'code_generation',
  'code_review',
  'reasoning',
  'analysis',
  'documentation',
  'testing',
  'debugging',
  'planning',
] as const;
