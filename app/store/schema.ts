// The tables, for both engines: SQLite's words, and what PostgreSQL says instead. A landed migration is never changed; what comes
// later is a new one. Every key begins with the shop, so that one installation can serve several.

/** The format that the first of these makes; 1 was a journal of our own. */
export const FIRST_FORMAT = 2

/** Forward only, in this order. Each is run once, whole, and makes the next format. */
export const MIGRATIONS: readonly string[] = [
  `
  -- What happened, in the order it was written. A fact about the shop itself has no order in it: its subject is ''.
  create table facts (
    position integer primary key,
    shop text not null,
    subject text not null,
    version integer not null,
    at text not null,
    fact text not null,
    unique (shop, subject, version)
  ) strict;

  -- Orders as their facts tell them, with the columns that lists ask for.
  create table orders (
    shop text not null,
    id text not null,
    version integer not null,
    placed_at text not null,
    status text not null,
    fulfillment text not null,
    currency text not null,
    total integer not null,
    country text,
    fold text not null,
    primary key (shop, id)
  ) strict;
  create index orders_by_time on orders (shop, placed_at, id);
  create index orders_by_status on orders (shop, status, placed_at, id);
  create index orders_by_fulfillment on orders (shop, fulfillment, placed_at, id);

  -- What an order can be found by besides: its products, and keyed hashes of who bought it.
  create table order_terms (
    shop text not null,
    term text not null,
    placed_at text not null,
    id text not null,
    primary key (shop, id, term)
  ) strict, without rowid;
  create index order_terms_by_term on order_terms (shop, term, placed_at, id);

  -- The shop as its facts tell it.
  create table shops (shop text primary key, version integer not null, state text not null) strict;

  -- Who bought, sealed; nothing else holds anything personal.
  create table customers (shop text not null, id text not null, sealed blob not null, primary key (shop, id)) strict, without rowid;

  create table jobs (
    shop text not null,
    id text not null,
    queue text not null,
    kind text not null,
    work text not null,
    due_at text not null,
    attempts integer not null,
    revision integer not null,
    leased_by text,
    leased_revision integer,
    lease_until text,
    ready_at text not null generated always as (case when lease_until > due_at then lease_until else due_at end) stored,
    primary key (shop, id)
  ) strict, without rowid;
  create index jobs_by_readiness on jobs (shop, queue, ready_at);

  create table deliveries (
    shop text not null,
    id text not null,
    source text not null,
    type text not null,
    received_at text not null,
    primary key (shop, id)
  ) strict, without rowid;
  create index deliveries_by_time on deliveries (shop, source, received_at);

  -- What orders hold back of limited stock.
  create table reserved (shop text not null, price text not null, quantity integer not null, primary key (shop, price))
  strict, without rowid;

  -- The key that seals customers, itself sealed by the one from the environment; and what was taken in from elsewhere.
  create table settings (name text primary key, value blob not null) strict;
  `,
  `
  -- How often a key was counted, until when, as several processes share it: keyed hashes, and nothing that a crash needs to leave.
  create /* unlogged */ table limits (
    shop text not null,
    name text not null,
    key text not null,
    points integer not null,
    ends_at integer not null,
    primary key (shop, name, key)
  ) strict, without rowid;

  -- Who holds jobs, so that those of processes that are gone are found.
  create index jobs_by_holder on jobs (shop, leased_by) where leased_by is not null;
  `,
  `
  -- What the desk looks orders up by: labels are terms of an order, as its products are.
  insert into order_terms (shop, term, placed_at, id)
    select shop, 'label to-pack', placed_at, id from orders
    where status = 'PAID' and fulfillment in ('unfulfilled', 'partially_fulfilled', 'stalled') and fold like '%"parcel":{%'
      and fold not like '%"outcome":"open"%' and fold not like '%"outcome":"lost"%' and fold not like '%"reason":"amount-differs"%';
  insert into order_terms (shop, term, placed_at, id)
    select shop, 'label needs-person', placed_at, id from orders where fold not like '%"stalls":[]%';
  insert into order_terms (shop, term, placed_at, id)
    select shop, 'label disputed', placed_at, id from orders
    where fold like '%"outcome":"open"%' or fold like '%"outcome":"lost"%';
  `,
  `
  -- Who may come in at the desk: sessions, tokens, links that make a session; with hashes of secrets that are kept nowhere.
  create table credentials (
    shop text not null,
    id text not null,
    made_at text not null,
    ends_at text not null,
    state text not null,
    primary key (shop, id)
  ) strict, without rowid;

  -- Who did what at the desk, and who saw whose order; nothing of a buyer's.
  create table accesses (shop text not null, place text not null, access text not null, primary key (shop, place))
  strict, without rowid;
  `,
  `
  -- What was sold on a day, of whole orders (price '') and of what was in them.
  create table sales (
    shop text not null,
    day text not null,
    slot text not null,
    currency text not null,
    country text not null,
    price text not null,
    orders integer not null,
    quantity integer not null,
    amount integer not null,
    shipping integer not null,
    refunded integer not null,
    primary key (shop, day, slot, currency, country, price)
  ) strict, without rowid;
  insert into sales
    with paid as (
      select shop, id, substr(fold /* json */ -> 'paid' ->> 'at', 1, 10) as day, substr(id, length(id)) as slot, currency,
        coalesce(country, '') as country, cast(fold /* json */ -> 'paid' ->> 'amount' as integer) as amount,
        cast(fold /* json */ -> 'paid' ->> 'shipping' as integer) as shipping, fold
      from orders where fold like '%"paid":{%'),
    lines as (
      select paid.*, line.value ->> 'price' as price, cast(line.value ->> 'quantity' as integer) as quantity,
        cast(line.value ->> 'unitAmount' as integer) as unit_amount
      from paid, json_each(fold /* json */ -> 'lines') as line),
    refunds as (
      select shop, substr(refund.value ->> 'at', 1, 10) as day, substr(orders.id, length(orders.id)) as slot, currency,
        coalesce(country, '') as country, cast(refund.value ->> 'amount' as integer) as amount
      from orders, json_each(fold /* json */ -> 'refunds') as refund
      where (refund.value ->> 'failed') || '' in ('0', 'false')),
    parts as (
      select shop, day, slot, currency, country, '' as price, 1 as orders, 0 as quantity, amount, shipping, 0 as refunded
        from paid
      union all select shop, day, slot, currency, country, '', 0, quantity, 0, 0, 0 from lines
      union all select shop, day, slot, currency, country, price, count(distinct id), sum(quantity), sum(quantity * unit_amount), 0, 0
        from lines group by shop, day, slot, currency, country, price
      union all select shop, day, slot, currency, country, '', 0, 0, 0, 0, amount from refunds)
    select shop, day, slot, currency, country, price, sum(orders), sum(quantity), sum(amount), sum(shipping), sum(refunded)
    from parts group by shop, day, slot, currency, country, price;
  `,
]

/** The format that this program writes. It opens older ones and brings them here; newer ones it leaves alone. */
export const FORMAT = FIRST_FORMAT + MIGRATIONS.length - 1

/** The migrations that a store of this format lacks, each with the format that it makes; 0 is a store without tables. */
export const migrationsAfter = (format: number): { format: number; migration: string }[] =>
  MIGRATIONS.map((migration, n) => ({ format: FIRST_FORMAT + n, migration })).filter((one) => one.format > format)

/** PostgreSQL's words for the same. Its text compares by bytes, as SQLite's does, whatever language the server speaks. */
export const forPostgres = (migration: string): string =>
  migration
    .replaceAll('/* unlogged */', 'unlogged')
    .replaceAll('position integer primary key', 'position bigint generated always as identity primary key')
    .replaceAll(/\btext\b/g, 'text collate "C"')
    .replaceAll('/* json */', '::json')
    .replaceAll('json_each', 'json_array_elements')
    .replaceAll(/\binteger\b/g, 'bigint')
    .replaceAll(/\bblob\b/g, 'bytea')
    .replaceAll(/\)\s+strict(, without rowid)?/g, ')')
