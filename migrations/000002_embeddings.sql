-- Vectors in one table, partitioned by embedding: small embeddings share vectors_default, a large one has vectors_<id>.
-- The column has no dimension; a check on each large partition holds it, and its index casts to vector(n).
create table models (
  id integer generated always as identity primary key,
  name text not null unique,
  description text
);

create table embeddings (
  id integer generated always as identity primary key,
  dataset_id integer not null references datasets on delete cascade,
  name text not null,
  model_id integer references models,
  dimension integer not null check (dimension between 1 and 16000),
  metric text not null check (metric in ('COSINE', 'EUCLIDEAN', 'INNER_PRODUCT')),
  item_count bigint not null default 0,
  partitioned boolean not null default false, -- whether vectors_<id> exists
  version bigint not null default 1, -- rises with every change of the vectors
  index jsonb, -- {"precision", "links", "efConstruction", "recall": {…} | null}; null: no index
  created_at timestamptz not null default now(),
  unique (dataset_id, name)
);

create table vectors (
  embedding_id integer not null, -- no foreign key: see 000001
  item_id bigint not null,
  vector vector not null,
  primary key (embedding_id, item_id)
) partition by list (embedding_id);
create table vectors_default partition of vectors default;
-- Floats do not compress; and a vector that fits into a page stays in its row, where a scan reads it three times as fast.
alter table vectors_default alter vector set storage external;
alter table vectors_default set (toast_tuple_target = 8160);
