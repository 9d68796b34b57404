-- Embeddings that are made here, of texts and pictures; what is told of items by prompts and by comparing two embeddings.
alter table embeddings add recipe jsonb; -- {"model", "modality", "field", "layer", "pooling"}; null: the vectors were imported

alter table jobs add items_per_second real; -- null where it is not known
alter table jobs add seconds_left real;

-- Zero-shot: how probable each label is for each item.
create table classifications (
  id integer generated always as identity primary key,
  embedding_id integer not null references embeddings on delete cascade,
  name text not null,
  labels jsonb not null, -- ["cat", …], in the order of the probabilities
  templates jsonb not null, -- ["a photo of a {}.", …]
  model text not null,
  logit_scale double precision not null,
  count bigint not null,
  embedding_version bigint not null, -- of the embedding when it was made
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  unique (embedding_id, name)
);

create table classification_chunks (
  classification_id integer not null references classifications on delete cascade,
  chunk integer not null,
  item_ids bytea not null, -- int64 little-endian, one per item, ascending
  probabilities bytea not null, -- float32 little-endian, (items, labels) row by row
  primary key (classification_id, chunk)
);
alter table classification_chunks alter item_ids set storage external, alter probabilities set storage external;

-- Two embeddings of one data set: of each item, the share of its neighbours that are the same in both.
create table comparisons (
  id integer generated always as identity primary key,
  embedding_id integer not null references embeddings on delete cascade,
  other_id integer not null references embeddings on delete cascade,
  neighbors integer not null,
  mean_overlap double precision not null,
  count bigint not null,
  embedding_version bigint not null,
  other_version bigint not null,
  item_ids bytea not null, -- int64 little-endian, one per item that has a vector in both, ascending
  shares bytea not null, -- float32 little-endian, one per item, 0 to 1
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  unique (embedding_id, other_id)
);
alter table comparisons alter item_ids set storage external, alter shares set storage external;
