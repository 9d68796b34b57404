-- Maps. Points are kept in chunks of the projection's one shuffled order: read together, never row by row.
create table projections (
  id integer generated always as identity primary key,
  embedding_id integer not null references embeddings on delete cascade,
  name text not null,
  method text not null check (method in ('PCA', 'UMAP', 'GIVEN')),
  components smallint not null check (components in (2, 3)),
  seed integer,
  parameters jsonb not null default '{}',
  device text check (device in ('GPU', 'CPU')),
  milliseconds double precision,
  explained_variance double precision[],
  quality jsonb, -- {"trustworthiness", "continuity", "neighborRecall", "neighbors", "sample"}
  count bigint not null, -- points
  version bigint not null default 1,
  embedding_version bigint not null, -- of the embedding when the map was made
  dataset_version bigint not null, -- of the data set when the map was made
  created_at timestamptz not null default now(),
  unique (embedding_id, name)
);

create table projection_chunks (
  projection_id integer not null references projections on delete cascade,
  chunk integer not null,
  item_ids bytea not null, -- int64 little-endian, one per point
  coordinates bytea not null, -- float32 little-endian, (points, components) row by row
  primary key (projection_id, chunk)
);
alter table projection_chunks alter item_ids set storage external, alter coordinates set storage external;
