import type { CorpusDatabase } from './corpus-database.ts';

const ENUM = String.raw`
create schema lib;
create type lib.mood as enum ('sad', 'ok', 'happy');
alter type lib.mood add value 'furious' before 'sad';
alter type lib.mood add value 'so-so' after 'ok';
alter type lib.mood rename value 'happy' to 'glad';
`;

const REST = String.raw`
create type empty_enum as enum ();
create domain lib.positive as numeric(10, 2) default 1 constraint above_zero check (value > 0) not null;
create domain lib.small as lib.positive check (value < 1000);
create domain lib.email as text collate "C" check (value ~ '^[^@\s]+@[^@\s]+$' or value in ('a', 'b'));
create domain late_check as int;
create table late (n late_check); insert into late values (-5);
alter domain late_check add constraint positive check (value > 0) not valid;
create domain int_list as int[] check (cardinality(value) < 10);
create type lib.address as (street text collate "C", "zip code" varchar(10), moods lib.mood[], since date);
alter type lib.address add attribute extra int;
alter type lib.address drop attribute since;
create type lib.person as (name text, home lib.address, mail lib.email);
create type nothing as ();
create function lib.float_diff(a float8, b float8) returns float8 language sql immutable strict as 'select a - b';
create type lib.float_span as range (subtype = float8, subtype_diff = lib.float_diff,
  multirange_type_name = lib.float_spans);
create type lib.text_span as range (subtype = text, collation = "C");
create type lib.mood_span as range (subtype = lib.mood);
create type lib.shell_only;
create type lib.word;
create function lib.word_in(cstring) returns lib.word language internal immutable strict as 'textin';
create function lib.word_out(lib.word) returns cstring language internal immutable strict as 'textout';
create function lib.word_recv(internal) returns lib.word language internal stable strict as 'textrecv';
create function lib.word_send(lib.word) returns bytea language internal stable strict as 'textsend';
create type lib.word (input = lib.word_in, output = lib.word_out, receive = lib.word_recv, send = lib.word_send,
  like = text, category = 'U', delimiter = ';', default = 'none', collatable = true);
create table uses (
  id int primary key, m lib.mood default 'ok', ms lib.mood[], grid lib.mood[][], p lib.positive, s lib.small[], e lib.email, l int_list,
  a lib.address, aa lib.address[], who lib.person, f lib.float_span, fs lib.float_spans, t lib.text_span, md lib.mood_span, w lib.word, ws lib.word[], n nothing
);
insert into uses values
  (1, 'furious', '{ok,NULL,"so-so"}', '{{sad,ok},{glad,NULL}}', 12.34, '{1,2.50}', 'a@b', '{1,2}',
   row('Main "St", (1)', '12345', '{ok}', null), array[row(E'new\nline', null, null, 7), null]::lib.address[],
   row('Ann', row('x', '', '{}', 1), 'ann@x'), '[0.1,1e10)', '{[1,2],(3,4)}', '["a b",z]', '[sad,glad)', 'word', '{a;b;"c;d"}', row()),
  (2, default, '{}', null, 1, '{}', 'b', null, row(null, null, null, null), '{}', row(null, null, null), 'empty',
    '{}', '(,)', 'empty', '', '{}', null);
insert into uses (id, p) select g, g from generate_series(3, 50) g;
create table of_tables (u uses, us uses[], a lib.address);
insert into of_tables select u, array[u], (u).a from uses u where id < 3;
comment on column lib.address.street is 'a comment on an attribute';
comment on domain lib.positive is 'above zero';
comment on constraint above_zero on domain lib.positive is 'not -- zero';
revoke usage on type lib.mood from public;
`;

/** Enums, domains, composites, ranges, base and shell types, nested in each other and in arrays. */
export const userTypes: CorpusDatabase = {
  name: 'user_types',
  async create(client) {
    // Apart: a new label of an enum cannot be used in the transaction that added it.
    await client.query(ENUM);
    await client.query(REST);
  },
};
