// Turns an error about a question into what the page says of it, beside the field that it is about.
import { FilterError } from '../../../pipeline/filter/tokens.ts';
import { VpcflowError } from '../../../schemas/errors.ts';
import type { PageForm, PageProblem } from './page-form.ts';

const FIELDS: ReadonlySet<string> = new Set<keyof PageForm>([
  ...(['start', 'stop', 'group', 'internet', 'filter', 'top', 'count', 'against', 'incomplete'] as const),
]);

const isField = (name: string): name is keyof PageForm => FIELDS.has(name);

/** What went wrong, when it is about the question; anything else is thrown again. */
export function asProblem(error: unknown): PageProblem {
  if (error instanceof VpcflowError && (error.code === 'VF_LIMIT' || error.code.startsWith('VF_BAD_'))) {
    return problemOf(error);
  }
  throw error;
}

/** What went wrong, whatever it is about. */
export function problemOf(error: VpcflowError): PageProblem {
  const { message, help } = error;
  const sentence = `${message}; ${help}`;
  if (error instanceof FilterError) return { message, sentence, field: 'filter', column: error.column };
  // Messages about a parameter begin with its name.
  const name = /^\w+/.exec(message)?.[0] ?? '';
  return { message, sentence, field: isField(name) ? name : null, column: null };
}
