-- Data sets and their items. Large tables carry the data set in their key, so that they can be partitioned or distributed by it.
-- They have no triggers, and none of the hidden ones of foreign keys, which look up the data set anew for each row: of a bulk load
-- they took a fifth of the time. Only nouns in server/ write these tables, under a lock of the data set's row.
create extension if not exists vector;

create table datasets (
  id integer generated always as identity primary key,
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  title text not null,
  description text,
  kind text not null check (kind in ('TEXT', 'IMAGE', 'GRAPH', 'VECTOR')),
  licence text,
  source text,
  fields jsonb not null default '[]', -- [{"name": …, "type": TEXT | CATEGORY | NUMBER | BOOLEAN | DATE | JSON}], in column order
  item_count bigint not null default 0,
  next_item_id bigint not null default 1, -- ids are given out by the application, in ranges: see items.ts
  version bigint not null default 1, -- rises with every change of the items
  importing_job uuid, -- the import that is making the data set; null once it is whole. Others do not see it before.
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table items (
  dataset_id integer not null,
  id bigint not null,
  key text not null,
  label text not null,
  fields jsonb not null default '{}',
  primary key (dataset_id, id)
);
create unique index items_key on items (dataset_id, key);
create index items_text on items using gin ((to_tsvector('english', label) || jsonb_to_tsvector('english', fields, '["string"]')));

create table images (
  dataset_id integer not null references datasets on delete cascade,
  item_id bigint not null,
  media_type text not null, -- image/png …; application/x-pixels: 8-bit samples, row by row, `channels` per pixel, no header
  width integer,
  height integer,
  channels smallint, -- of application/x-pixels: 1 grey, 3 RGB, 4 RGBA
  bytes bytea not null,
  primary key (dataset_id, item_id)
);
alter table images alter bytes set storage external; -- pictures are compressed already

-- A data set that a manifest names: applied once, like a migration.
create table loaded_manifests (
  slug text primary key,
  dataset_id integer references datasets on delete set null,
  sha256 text not null, -- of the manifest, so that an edited one is noticed
  loaded_at timestamptz not null default now()
);

create table uploads (
  id uuid primary key,
  name text not null,
  bytes bigint not null,
  sha256 text not null,
  created_at timestamptz not null default now()
);
