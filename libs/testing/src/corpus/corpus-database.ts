import type pg from 'pg';

/** A database of our own making that must survive a backup and a restore exactly. */
export interface CorpusDatabase {
  /** A plain word for reports, also fit as a database's name. */
  name: string;
  /** A hostile name that the database may be given instead. */
  hostileName?: string;
  /** The oldest server version it can be made on; absent: 15. */
  minMajor?: number;
  /** Roles that `create` makes where they are missing; all begin with `hfc_`. */
  roles?: string[];
  /** Fills an empty database, as a superuser; the same rows every time. */
  create(client: pg.Client, major: number): Promise<void>;
}

/** Makes the roles that the server lacks; databases of one server may do so at the same time. */
export const ensureRoles = async (client: pg.Client, roles: string[]): Promise<void> => {
  for (const role of roles) {
    try {
      await client.query(`create role ${client.escapeIdentifier(role)}`);
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code !== '42710' && code !== '23505') throw error;
    }
  }
};

/** Whether the server was built with what a statement needs (ICU, lz4, libxml); what it does is undone. */
export const supports = async (client: pg.Client, statement: string): Promise<boolean> => {
  await client.query('begin');
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  } finally {
    await client.query('rollback');
  }
};
