// Says what a route answers, for /openapi.json: bodies by content type, headers, and which errors of the catalogue.
import type { ErrorCode } from '../../../schemas/errors.ts';
import type { JsonSchema } from './json-schema.ts';

/** What stands in a route's `config`; nothing is checked or written by it. */
export interface Answers {
  /** What a 200 is, one clause. */
  readonly success: string;
  /** The schema of the body by content type; null where the type says everything. */
  readonly bodies: Readonly<Record<string, JsonSchema | null>>;
  /** Says how complete the window is in its headers. */
  readonly completeness: boolean;
  /** Says in its headers whether it is whole, up to when and as of when; those with completeness do anyway. */
  readonly whole?: boolean;
  /** Says which parts of two windows were compared. */
  readonly compared: boolean;
  /** Has an ETag, and answers 304 to If-None-Match. */
  readonly conditional: boolean;
  /** Further statuses and what they mean, beside those of the errors. */
  readonly others: Readonly<Record<number, string>>;
  readonly errors: readonly ErrorCode[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    answers?: Answers;
  }
}

/** What watchers of the server meet; who may ask, by the route's `role`, comes to every list of errors by itself. */
export const EVERYWHERE: readonly ErrorCode[] = ['VF_BAD_PARAMETER', 'VF_FORBIDDEN_HOST', 'VF_TOO_LARGE'];

/** Whatever is asked. */
export const ASKED: readonly ErrorCode[] = [...EVERYWHERE, 'VF_BUSY', 'VF_QUERY'];

/** What can go wrong with every window. */
const OF_WINDOWS: readonly ErrorCode[] = [
  ...ASKED,
  'VF_BAD_TIME',
  'VF_BAD_WINDOW',
  'VF_LIMIT',
  'VF_STORE_CORRUPT',
  'VF_STORE_UNREACHABLE',
  'VF_CACHE',
  'VF_TIMEOUT',
];

/** The config of a route that answers a question about a window, a content type for each of its formats. */
export const windowAnswers = <F extends string>(
  success: string,
  types: Readonly<Record<F, string>>,
  schemas: Readonly<Partial<Record<F, JsonSchema>>>,
  errors: readonly ErrorCode[] = [],
): { readonly answers: Answers } => ({
  answers: {
    success,
    bodies: bodiesOf(types, schemas),
    ...{ completeness: true, compared: false },
    conditional: true,
    others: {},
    errors: [...OF_WINDOWS, ...errors],
  },
});

/** The config of a route that answers from the store about something else than a window of flows. */
export const conditionalAnswers = <F extends string>(
  success: string,
  types: Readonly<Record<F, string>>,
  schemas: Readonly<Partial<Record<F, JsonSchema>>>,
  errors: readonly ErrorCode[],
): { readonly answers: Answers } => {
  const { answers } = plainAnswers(success, bodiesOf(types, schemas), [...ASKED, ...errors]);
  return { answers: { ...answers, whole: true, conditional: true } };
};

/** The config of any other route. */
export const plainAnswers = (
  success: string,
  bodies: Answers['bodies'],
  errors: readonly ErrorCode[] = ASKED,
  others: Answers['others'] = {},
): { readonly answers: Answers } => ({
  answers: { success, bodies, completeness: false, compared: false, conditional: false, others, errors },
});

function bodiesOf<F extends string>(
  types: Readonly<Record<F, string>>,
  schemas: Readonly<Partial<Record<F, JsonSchema>>>,
): Answers['bodies'] {
  const formats = Object.entries<string>(types);
  const known: Readonly<Record<string, JsonSchema | undefined>> = schemas;
  return Object.fromEntries(formats.map(([format, type]) => [type, known[format] ?? null]));
}
