// What a JSON body may look like: JSON Schema 2020-12, the dialect of OpenAPI 3.1, in as few words as bodies need.

/** A schema as it stands in the document. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

export const text = (description: string, ...examples: readonly string[]): JsonSchema => ({
  type: 'string',
  description,
  ...(examples.length === 0 ? {} : { examples }),
});

/** RFC 3339, UTC. */
export const time = (description: string): JsonSchema => ({ type: 'string', format: 'date-time', description });

/** Exact in the body, also past 2^53. */
export const integer = (description: string): JsonSchema => ({ type: 'integer', description });

/** Never below zero. */
export const count = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description });

export const oneOf = (description: string, values: readonly string[]): JsonSchema => ({
  type: 'string',
  enum: values,
  description,
});

/** Something, or null; `why` says what null means. */
export const nullable = (schema: JsonSchema, why: string): JsonSchema => ({
  ...schema,
  type: [schema.type, 'null'],
  ...(Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {}),
  description: `${schema.description}; null: ${why}`,
});

export const list = (items: JsonSchema, description: string): JsonSchema => ({ type: 'array', items, description });

/** An object of exactly these members, all of them there unless `optional` names them. */
export const record = (
  description: string,
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema => ({
  type: 'object',
  description,
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});

/** A schema of the document's components. */
export const named = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
