/** An SQL identifier, always quoted. */
export const quoteIdent = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `"schema"."name"`. */
export const qualified = (schema: string, name: string): string => `${quoteIdent(schema)}.${quoteIdent(name)}`;

/** An SQL string literal that means the same whatever `standard_conforming_strings` says. */
export const quoteLiteral = (text: string): string => {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? ` E${quoted}` : quoted;
};

/** As people write it: quoted only where SQL needs it. */
export const displayIdent = (name: string): string => (/^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteIdent(name));

/** `schema.name` as people write it; also how artifacts of tables are named. */
export const displayName = (schema: string, name: string): string => `${displayIdent(schema)}.${displayIdent(name)}`;
