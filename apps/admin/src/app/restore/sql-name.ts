/** What needs no quotes in SQL. */
const PLAIN = /^[a-z_][a-z0-9_]*$/;

const quoted = (name: string): string => (PLAIN.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

/** A table as the API is told of it: `schema.table`, each quoted where SQL needs it. */
export const tableName = (schema: string, name: string): string => `${quoted(schema)}.${quoted(name)}`;
