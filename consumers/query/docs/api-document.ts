// As much of an OpenAPI document as a page for people reads, and its schemas and examples in words.

type Schema = Readonly<Record<string, unknown>>;

export interface ApiParameter {
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
  readonly example?: unknown;
}

export interface ApiOperation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly ApiParameter[];
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, unknown>> }>
  >;
}

export interface ApiDocument {
  readonly info: { readonly title: string; readonly description: string; readonly version: string };
  readonly tags?: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
}

/** `csv, json`, `1 to 100000`, `date-time`: what a parameter's values may be. */
export function schemaText(schema: Schema): string {
  const { title, type, format, pattern, minimum, maximum } = schema;
  const fallback = schema.default === undefined || schema.default === '' ? '' : ` (else ${String(schema.default)})`;
  if (title !== undefined) return `${String(title)}${fallback}`;
  if (Array.isArray(schema.enum)) return `${schema.enum.join(', ')}${fallback}`;
  if (Array.isArray(schema.anyOf)) return `${schema.anyOf.map(schemaText).join(' or ')}${fallback}`;
  if (minimum !== undefined && maximum !== undefined) return `${String(minimum)} to ${String(maximum)}${fallback}`;
  if (pattern !== undefined) return `${String(pattern)}${fallback}`;
  return `${String(format ?? (type === 'string' ? 'text' : (type ?? 'text')))}${fallback}`;
}

/** The description without what its values say already: `keep the N with most bytes`, and not `… (1 to 500)` again. */
export function aboutText(description: string, schema: Schema): string {
  const values = schemaText({ ...schema, default: undefined });
  return description.replace(` (${values})`, '').replace(`: ${values.replace(' or ', ', or ')}`, '');
}

/** The path with what is required, in a window that has something to show, and the filter of the example. */
export function exampleAddress(path: string, parameters: readonly ApiParameter[]): string {
  const given = parameters.filter(({ name, required }) => required === true || name === 'filter');
  const values = given.map(({ name, example }): [string, string] => [name, WINDOW[name] ?? String(example ?? '')]);
  return values.length === 0 ? path : `${path}?${new URLSearchParams(values)}`;
}

const WINDOW: Readonly<Record<string, string>> = { start: 'now-1h', stop: 'now' };
