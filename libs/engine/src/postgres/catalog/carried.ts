import { objectGrants } from './grants.ts';
import { OBJECTS, OF } from './objects.ts';

/** Owners of extensions are left out: no dump holds them. */
const OWNERS = `
  select 'owner' as kind, ${OF} as subject, ${OF} as of, o.space as schema, true as protection,
    quote_ident(pg_get_userbyid(o.owner)) as definition
  from objects o, lateral pg_identify_object(o.classid, o.objid, 0) io where o.owner is not null`;

/** What carries the comment or label; an index that a constraint made is told by the constraint. */
const CARRIER = `coalesce((select 'table constraint ' || (pg_identify_object('pg_constraint'::regclass, k.oid, 0)).identity
    from pg_constraint k where o.classid = 'pg_class'::regclass and k.conindid = o.objid and k.contype in ('p', 'u', 'x')),
  ${OF.replaceAll('io.', 'whole.')})`;

const COMMENTS = `
  select 'comment' as kind, ${OF} as subject, ${CARRIER} as of,
    o.space as schema, false as protection, d.description as definition
  from objects o join pg_description d on d.classoid = o.classid and d.objoid = o.objid,
    lateral pg_identify_object(o.classid, o.objid, d.objsubid) io, lateral pg_identify_object(o.classid, o.objid, 0) whole`;

const LABELS = `
  select 'security label' as kind, format('%s %s for %I', io.type, io.identity, l.provider) as subject,
    ${CARRIER} as of, o.space as schema, true as protection, l.label as definition
  from objects o join pg_seclabel l on l.classoid = o.classid and l.objoid = o.objid,
    lateral pg_identify_object(o.classid, o.objid, l.objsubid) io, lateral pg_identify_object(o.classid, o.objid, 0) whole`;

/** In one statement: finding and planning `objects` is most of the work of each. */
const carried = (): string => `${OBJECTS} ${[OWNERS, COMMENTS, LABELS, objectGrants].join('\n  union all ')}`;

/** Readers of what objects of every kind carry: owners, comments, security labels and grants. */
export const CARRIED_READERS = [carried];
