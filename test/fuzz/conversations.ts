import fc from 'fast-check';
import {
  type ContentPart,
  type Message,
  type ReasoningItem,
  Role,
  type ToolCall,
  ToolKind,
} from '../../src/gen/tamma/provider/v1/message.ts';
import { anyImage, goodImage } from './images.ts';
import { anyContent, anyName, anyText, identifiers, someText } from './texts.ts';

/** What of a conversation not every model takes. */
export interface ConversationTraits {
  readonly images: boolean;
  readonly reasoning: boolean;
}

/** A turn with everything at its default. */
function turn(fields: Partial<Message> & Pick<Message, 'role'>): Message {
  return {
    content: '',
    parts: [],
    toolCalls: [],
    toolCallId: '',
    name: '',
    reasoningItems: [],
    phase: '',
    providerData: '',
    reasoning: '',
    ...fields,
  };
}

const textPart = someText.map((value): ContentPart => ({ part: { $case: 'text', value } }));
const imagePart = (image: typeof goodImage): fc.Arbitrary<ContentPart> =>
  image.map((value) => ({ part: { $case: 'image', value } }));

const instruction = fc
  .tuple(fc.constantFrom(Role.SYSTEM, Role.DEVELOPER), someText)
  .map(([role, content]) => turn({ role, content: `${content} Answer in JSON.` }));

const question = someText.map((content) => turn({ role: Role.USER, content }));

const picture = fc
  .tuple(textPart, fc.array(imagePart(goodImage), { minLength: 1, maxLength: 2 }))
  .map(([text, images]) => turn({ role: Role.USER, parts: [text, ...images] }));

const reply = someText.map((content) => turn({ role: Role.ASSISTANT, content }));

const ARGUMENTS = [
  '{}',
  '',
  '{"a":1,"a":2}',
  '{"n":1e400}',
  '{"s":"\\ud83d"} ',
  'no JSON',
] as const;

/** A turn of calls, and their results in any order. */
const toolRound = fc
  .array(fc.tuple(fc.stringMatching(/^call_[a-z0-9]{1,20}$/), identifiers), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((calls) => {
    const ids = new Set(calls.map(([id]) => id));
    const toolCalls = fc.tuple(
      ...[...ids].map((id) =>
        fc
          .tuple(
            identifiers,
            fc.constantFrom(...ARGUMENTS),
            fc.constantFrom(ToolKind.UNSPECIFIED, ToolKind.FUNCTION),
          )
          .map(
            ([name, given, kind]): ToolCall => ({
              id,
              name,
              arguments: given,
              kind,
              providerData: '',
            }),
          ),
      ),
    );
    const results = fc.tuple(
      ...[...ids].map((toolCallId) =>
        fc
          .oneof(fc.constant(''), someText)
          .map((content) => turn({ role: Role.TOOL, toolCallId, content })),
      ),
    );
    return fc.tuple(toolCalls, results, fc.boolean());
  })
  .map(([toolCalls, results, backwards]) => [
    turn({ role: Role.ASSISTANT, toolCalls }),
    ...(backwards ? results.toReversed() : results),
  ]);

export const reasoningItem: fc.Arbitrary<ReasoningItem> = fc.record({
  id: fc.stringMatching(/^rs_[a-f0-9]{8}$/),
  encryptedContent: fc.stringMatching(/^gAAAAA[A-Za-z0-9_-]{8,40}$/),
  summary: fc.array(someText, { maxLength: 2 }),
  type: fc.constantFrom('', 'reasoning'),
});

const thoughtfulReply = fc
  .tuple(fc.array(reasoningItem, { minLength: 1, maxLength: 2 }), someText)
  .map(([reasoningItems, content]) => turn({ role: Role.ASSISTANT, content, reasoningItems }));

/** A conversation that a model with these traits takes. */
export function goodConversation(traits: ConversationTraits): fc.Arbitrary<Message[]> {
  const rounds: fc.WeightedArbitrary<Message[]>[] = [
    { weight: 4, arbitrary: fc.tuple(question, reply) },
    {
      weight: 2,
      arbitrary: fc.tuple(question, toolRound).map(([asked, round]) => [asked, ...round]),
    },
  ];
  if (traits.reasoning) rounds.push({ weight: 1, arbitrary: fc.tuple(question, thoughtfulReply) });
  const last = traits.images ? fc.oneof({ weight: 4, arbitrary: question }, picture) : question;
  return fc
    .tuple(
      fc.option(instruction, { nil: undefined }),
      fc.array(fc.oneof(...rounds), { maxLength: 3 }),
      last,
    )
    .map(([first, middle, asked]) => [...(first ? [first] : []), ...middle.flat(), asked]);
}

const ANY_ROLE = fc.constantFrom(...Object.values(Role), 77 as Role);

/** A turn in which anything can be wrong. */
const anyTurn: fc.Arbitrary<Message> = fc
  .tuple(
    ANY_ROLE,
    fc.record(
      {
        content: anyContent,
        parts: fc.array(
          fc.oneof(
            textPart,
            imagePart(anyImage),
            anyText.map((value): ContentPart => ({ part: { $case: 'text', value } })),
            fc.constant<ContentPart>({ part: undefined }),
          ),
          { maxLength: 3 },
        ),
        toolCalls: fc.array(
          fc.record({
            id: anyName,
            name: anyName,
            arguments: anyText,
            kind: fc.constantFrom(...Object.values(ToolKind), 77 as ToolKind),
            providerData: fc.oneof(fc.constant(''), anyText),
          }),
          { maxLength: 3 },
        ),
        toolCallId: anyName,
        name: anyName,
        reasoningItems: fc.array(
          fc.oneof(
            reasoningItem,
            fc.record({
              id: anyName,
              encryptedContent: anyText,
              summary: fc.array(anyText, { maxLength: 2 }),
              type: fc.constantFrom('', 'reasoning', 'compaction', 'x'),
            }),
          ),
          { maxLength: 2 },
        ),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([role, fields]) => turn({ role, ...fields }));

/** How a good conversation goes wrong, at a turn chosen by `at`. */
const DAMAGES: readonly ((messages: Message[], at: number) => Message[])[] = [
  (messages, at) => messages.toSpliced(at, 1),
  (messages, at) => messages.toSpliced(at, 0, ...messages.slice(at, at + 1)),
  (messages) => messages.toReversed(),
  (messages, at) => messages.slice(0, at),
  (messages, at) => messages.slice(at),
  (messages, at) =>
    messages.toSpliced(at, 0, turn({ role: Role.USER, content: 'One more thing.' })),
];

/** A conversation that is nearly right, or not at all. */
export const anyConversation: fc.Arbitrary<Message[]> = fc.oneof(
  fc
    .tuple(
      goodConversation({ images: true, reasoning: true }),
      fc.nat(),
      fc.constantFrom(...DAMAGES),
    )
    .map(([messages, at, damage]) => damage(messages, at % messages.length)),
  fc
    .tuple(goodConversation({ images: true, reasoning: true }), fc.nat(), anyTurn)
    .map(([messages, at, odd]) => messages.with(at % messages.length, odd)),
  fc.array(anyTurn, { maxLength: 4 }),
);
