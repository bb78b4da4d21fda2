import { supports, type CorpusDatabase } from './corpus-database.ts';

const NUMBERS = String.raw`
create table numbers (
  id int primary key, s smallint, i integer, b bigint, n numeric, n52 numeric(5, 2), coarse numeric(5, -2), tiny numeric(3, 5),
  r real, d double precision, m money, o oid, x xid, c cid, t tid, x8 xid8, flag boolean
);
insert into numbers values
  (1, -32768, -2147483648, -9223372036854775808, 'NaN', -999.99, -99900, 0.00123, 'NaN', 'NaN', -92233720368547758.08,
    0, '0', '0', '(0,0)', '0', true),
  (2, 32767, 2147483647, 9223372036854775807, 'Infinity', 999.99, 99900, -0.00999, 'Infinity', 'Infinity',
    92233720368547758.07, 4294967295, '4294967295', '4294967295', '(4294967295,65535)', '18446744073709551615',
    false),
  (3, 0, 0, 0, '-Infinity', 0, 0, 0, '-Infinity', '-Infinity', 0, 1, '1', '1', '(1,1)', '1', null),
  (4, 1, 1, 1, 1.10000000000000000000000000000000000000000000000000000000000000000001, 1.10, 1200, 0.00001,
    1.17549435e-38, 4.9406564584124654e-324, 1.23, 2, '2', '2', '(2,3)', '2', true),
  (5, -1, -1, -1, 1e1000, 0.01, 100, 0.00100, 3.4028235e+38, 1.7976931348623157e+308, -0.01, 3, '3', '3', '(3,4)',
    '3', false),
  (6, null, null, null, 1e-1000, null, null, null, '-0', '-0', null, null, null, null, null, null, null),
  (7, 7, 7, 7, 0.1000, 5, 500, 0.005, 0.1, 0.1, 7, 7, '7', '7', '(7,7)', '7', true),
  (8, 8, 8, 8, -0.0, 5, 500, 0.005, 16777217, 9007199254740993, 8, 8, '8', '8', '(8,8)', '8', true);
create table series as select g as id, (g * 7919 % 1000003)::numeric / 97 as ratio, sqrt(g::double precision) as root,
  (g % 7 = 0) as seventh
  from generate_series(1, 5000) g;
`;

const TIMES = String.raw`
create table times (
  id int primary key, d date, t time, t3 time(3), tz timetz, ts timestamp, ts0 timestamp(0), tstz timestamptz, iv interval,
  years interval year, seconds interval second(2)
);
insert into times values
  (1, '4713-01-01 BC', '00:00', '00:00', '00:00+15:59', '4713-01-01 00:00:00 BC', '0001-01-01',
    '4713-01-01 00:00:00+00 BC', '-178000000 years', '-5 years', '-1.25'),
  (2, '5874897-12-31', '24:00:00', '23:59:59.9996', '24:00-15:59', '294276-12-31 23:59:59.999999', '9999-12-31',
    '294276-12-31 23:59:59.999999+00', '178000000 years', '7', '59.999'),
  (3, 'infinity', '12:34:56.789012', '12:34:56.789', '12:34:56.789012+05:30', 'infinity', 'infinity', 'infinity',
    '1 mon -1 day +00:00:01', null, null),
  (4, '-infinity', '23:59:59.999999', '00:00', '23:59:59.999999-08', '-infinity', '-infinity', '-infinity',
    '-1 mon +30 days -12:34:56.789', null, null),
  (5, '2024-02-29', '01:02:03', '01:02:03', '01:02:03Z', '2024-02-29 01:02:03.000001', '2024-02-29 12:00:00',
    '2024-03-31 02:30:00+01', '0', null, null),
  (6, '0001-12-31 BC', null, null, null, '0044-03-15 12:00:00 BC', null, '1883-11-18 12:03:58-04:56:02',
    '2562047788:00:54.775807', null, null);
`;

const TEXTS = String.raw`
create table texts (id int primary key, c char(5), v varchar(10), t text, n name, b bytea, k "char", bit3 bit(3),
  vb varbit, vb5 varbit(5), u uuid);
insert into texts values
  (1, '', '', '', '', '', '', B'000', B'', B'', '00000000-0000-0000-0000-000000000000'),
  (2, 'abcde', 'abcdefghij', repeat('x', 300), repeat('n', 63), '\x00ff5c0a0d09', 'a', B'101', B'1010101010101010101',
    B'10101', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
  (3, ' a ', ' trailing ', E'nul is not allowed, \u0001 is', 'with space', '\x5c2e0a', E'\\', B'111', B'0', B'0',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
  (4, null, null, null, null, null, null, null, null, null, null),
  (5, 'é€', '日本語', '🙂👩‍👩‍👧‍👦 e' || U&'\0301' || ' ' || U&'\200F' || 'עברית', 'naïve', convert_to('Ω', 'UTF8'), 'z',
    B'010', B'1', B'1', '12345678-1234-5678-1234-567812345678');
create table documents (id int primary key, j json, jb jsonb, p jsonpath, v tsvector, q tsquery);
insert into documents values
  (1, '{"b":1,  "a":2, "a":3}', '{"b":1,"a":2,"a":3}', '$.a[*] ? (@ > 1)', 'a:1A fat:2B,4C cat:5',
    'fat & (rat | !cat)'),
  (2, 'null', 'null', 'strict $', '', ''),
  (3, '"\u00e9\n\t\\"', '"\u00e9\n\t\\"', '$."key with \"quotes\""', '''a b'' ''it''''s'' ''back\\slash''',
    '''it''''s'' <2> fox:*AB'),
  (4, '[1e400, -0, 1.50, 12345678901234567890123]', '[1e400, -0, 1.50, 12345678901234567890123]', '$.*', null, null),
  (5, ' [ ] ', '{"deep":{"deep":{"deep":[[[{}]]]}},"":""}', '$.**{2 to 5}', to_tsvector('simple', 'one two three'),
    'one | two'::tsquery);
`;

const NETWORKS_AND_SHAPES = String.raw`
create table networks (id int primary key, i inet, c cidr, m macaddr, m8 macaddr8, l pg_lsn, s pg_snapshot,
  old txid_snapshot);
insert into networks values
  (1, '192.168.1.5/24', '192.168.0.0/16', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '0/0', '10:20:10,14,15',
    '10:20:10,14,15'),
  (2, '::ffff:1.2.3.4/128', '2001:db8::/32', 'ff:ff:ff:ff:ff:ff', 'ff:ff:ff:ff:ff:ff:ff:ff', 'FFFFFFFF/FFFFFFFF',
    '1:1:', '1:1:'),
  (3, '0.0.0.0/0', '::/0', null, null, '16/B374D848', null, null);
create table shapes (id int primary key, p point, l line, s lseg, b box, open_path path, closed_path path, g polygon,
  c circle);
insert into shapes values
  (1, '(1.5,-2.5)', '{1,-1,0}', '[(0,0),(1,1)]', '((0,0),(2,2))', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))',
    '((0,0),(4,0),(4,4))', '<(1,2),3>'),
  (2, '(NaN,Infinity)', '{0.1,0.2,0.3}', '[(-1e300,0),(1e-300,0)]', '((-1,-1),(-2,-2))', '[(1,1)]', '((1,1))',
    '((0,0))', '<(0,0),0>');
create table ranges (id int primary key, i int4range, b int8range, n numrange, d daterange, ts tsrange, tz tstzrange,
  mi int4multirange, mn nummultirange, md datemultirange, mtz tstzmultirange);
insert into ranges values
  (1, '[1,10)', '(,5]', '[1.5,2.5]', '[2024-01-01,2024-02-01)', '[2024-01-01 00:00,infinity)',
    '(-infinity,2024-01-01 00:00+00]', '{[1,3),[5,9)}', '{}', '{[2024-01-01,2024-01-02)}', '{(,)}'),
  (2, 'empty', '(,)', 'empty', '(,infinity)', 'empty', 'empty', '{}', '{[1.1,1.2],(3,)}',
    '{(,2024-01-01),[2025-01-01,)}', '{}'),
  (3, null, null, null, null, null, null, null, null, null, null);
`;

const ARRAYS = String.raw`
create table arrays (id int primary key, i int[], t text[], grid int[][], bounds int[], b bytea[], j jsonb[],
  ts timestamptz[], n numeric(10, 2)[], bits varbit[], e "char"[]);
insert into arrays values
  (1, '{1,NULL,3}', '{"",NULL,"null","NULL","a b","quo\"te","back\\slash","{brace}",","}', '{{1,2},{3,4}}',
    '[2:4]={1,2,3}', array['\x00'::bytea, '\x5c'], array['{"a":1}', 'null']::jsonb[], array['infinity',
    '2024-01-01 00:00+00']::timestamptz[], '{1.10,NULL}', '{101,0}', '{a,NULL}'),
  (2, '{}', '{}', '{}', '[-1:0][2:3]={{1,2},{3,4}}', '{}', '{}', '{}', '{}', '{}', '{}'),
  (3, null, null, '{{{1}},{{NULL}}}', '[0:0]={NULL}', null, null, null, null, null, null),
  (4, array_fill(7, array[50, 10]), array[E'tab\t', E'new\nline', E'\\.', U&'\2028', '🙂'], null, null, null, null,
    null, null, null, null);
create table catalogs (id int primary key, c regclass, t regtype, p regprocedure, o regoperator, n regnamespace,
  r regrole, col regcollation, cfg regconfig, dict regdictionary);
insert into catalogs values (1, 'pg_class', 'integer', 'lower(text)', '+(integer,integer)', 'pg_catalog',
  'pg_monitor', '"C"', 'english', 'simple'), (2, null, null, null, null, null, null, null, null, null), (3, 0, 0, 0,
  0, 0, 0, 0, 0, 0);
`;

const XML = String.raw`
create table markup (id int primary key, x xml);
insert into markup values (1, '<a b="c">&lt;text&gt;<![CDATA[ <raw> ]]></a>'), (2, 'just content <b/> and more'), (3,
  '<?xml version="1.0"?><r/>'), (4, null);
`;

/** Every scalar type with its extremes, and arrays of them. */
export const scalarTypes: CorpusDatabase = {
  name: 'scalar_types',
  async create(client, major) {
    for (const sql of [NUMBERS, TIMES, TEXTS, NETWORKS_AND_SHAPES, ARRAYS]) await client.query(sql);
    if (await supports(client, `select '<a/>'::xml`)) await client.query(XML);
    if (major >= 17) await client.query(`insert into times (id, iv) values (7, 'infinity'), (8, '-infinity')`);
  },
};
