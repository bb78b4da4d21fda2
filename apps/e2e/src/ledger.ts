import { connect, once } from '@holdfast/testing';
import { expect } from 'vitest';
import { rowsOf, type Database } from './product.ts';

const ACCOUNTS = 20;
const OPENING = 1000;

const SCHEMA = `
  create schema ledger;
  create table ledger.accounts (id int primary key, balance numeric(12, 2) not null);
  create table ledger.transfers (id bigint generated always as identity primary key,
    payer int not null references ledger.accounts, payee int not null references ledger.accounts,
    amount numeric(12, 2) not null check (amount > 0));
  create table ledger.receipts (transfer bigint primary key references ledger.transfers, text text not null);
  insert into ledger.accounts select n, ${OPENING} from generate_series(1, ${ACCOUNTS}) n`;

/** One transfer as four statements of one transaction, which a copy that is no snapshot would tear apart. */
const TRANSFER = `
  begin;
  with made as (insert into ledger.transfers (payer, payee, amount)
    select 1 + n % ${ACCOUNTS}, 1 + (n * 7 + 3) % ${ACCOUNTS}, 1 + n % 50
    from (select (random() * 100000)::int as n) roll returning *)
  insert into ledger.receipts select id, 'from ' || payer || ' to ' || payee from made;
  update ledger.accounts a set balance = balance - t.amount from ledger.transfers t
    where t.id = currval('ledger.transfers_id_seq') and a.id = t.payer;
  update ledger.accounts a set balance = balance + t.amount from ledger.transfers t
    where t.id = currval('ledger.transfers_id_seq') and a.id = t.payee;
  commit`;

/** A writer that moves money between accounts until it is told to stop. */
export interface Ledger {
  /** Transfers that are committed now. */
  count(): Promise<number>;
  stop(): Promise<void>;
}

/** Makes accounts in a database and starts to move money between them. */
export async function startLedger(database: Database): Promise<Ledger> {
  await once(database, SCHEMA);
  const client = await connect(database);
  let stopped = false;
  const writing = (async () => {
    while (!stopped) await client.query(TRANSFER);
  })().finally(() => client.end());
  // Heard by `stop`.
  writing.catch(() => undefined);
  return {
    count: () => countTransfers(database),
    stop() {
      stopped = true;
      return writing;
    },
  };
}

const countTransfers = async (database: Database): Promise<number> =>
  Number((await rowsOf<{ n: string }>(database, 'select count(*) as n from ledger.transfers'))[0]?.n);

/** What holds after every transaction holds in a copy of some instant; answers how many transfers it has. */
export async function expectBalanced(database: Database): Promise<number> {
  const total = await rowsOf(database, 'select sum(balance)::float as total from ledger.accounts');
  expect(total).toEqual([{ total: ACCOUNTS * OPENING }]);
  const wrong = await rowsOf(
    database,
    `select a.id from ledger.accounts a where a.balance <> ${OPENING}
       + coalesce((select sum(amount) from ledger.transfers where payee = a.id), 0)
       - coalesce((select sum(amount) from ledger.transfers where payer = a.id), 0)
     union all select t.id from ledger.transfers t full join ledger.receipts r on r.transfer = t.id
       where t.id is null or r.transfer is null`,
  );
  expect(wrong).toEqual([]);
  return countTransfers(database);
}
