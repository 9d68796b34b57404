-- Groups of items, found among the vectors of an embedding or among the points of one of its maps.
create table clusterings (
  id integer generated always as identity primary key,
  dataset_id integer not null references datasets on delete cascade,
  embedding_id integer not null references embeddings on delete cascade,
  projection_id integer references projections on delete cascade, -- the map whose points were grouped; null: the vectors
  name text not null, -- unique in the data set, since filters and columns of points name it beside the fields
  method text not null check (method in ('KMEANS', 'HDBSCAN')),
  seed integer,
  parameters jsonb not null default '{}',
  milliseconds double precision,
  count bigint not null, -- items
  noise_count bigint not null,
  layers jsonb not null, -- [{"minClusterSize", "count", "noiseCount"}], the finest first; the clustering itself is not among them
  version bigint not null default 1,
  embedding_version bigint not null, -- of the embedding, the data set and the map when it was made
  dataset_version bigint not null,
  projection_version bigint,
  created_at timestamptz not null default now(),
  unique (dataset_id, name)
);

create table clusters (
  clustering_id integer not null references clusterings on delete cascade,
  layer smallint not null, -- 0: of the clustering itself; from 1: of its layers
  number integer not null, -- from 0, the largest first
  size bigint not null,
  label text not null, -- unique in the layer
  representatives bigint[] not null, -- item ids
  terms jsonb not null, -- [{"term", "score", "count"}]
  traits jsonb not null, -- [{"field", "value", "share", "shareElsewhere"}]
  primary key (clustering_id, layer, number)
);

create table cluster_items (
  clustering_id integer not null references clusterings on delete cascade,
  item_id bigint not null,
  clusters integer[] not null, -- the number in layer 0, 1, …; -1: in none
  probability real, -- of belonging to the cluster in layer 0; null where the method knows none
  primary key (clustering_id, item_id)
);
