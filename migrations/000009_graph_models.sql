-- Models of knowledge graphs. The vectors of the entities are an embedding like any other; what belongs to the relations lies here.
create table graph_models (
  id integer generated always as identity primary key,
  dataset_id integer not null references datasets on delete cascade,
  embedding_id integer not null references embeddings on delete cascade, -- row i of the model is its i-th vector by item id
  name text not null,
  kind text not null, -- as in server/kernels/kge/model.ts
  preset text,
  settings jsonb not null, -- of server/graphs/settings.ts
  seed integer not null,
  relation_ids integer[] not null, -- of each row of relations
  parameters bytea not null, -- of server/kernels/kge/trainingBytes.ts, without the entities
  judgement jsonb, -- {"thresholds", "calibration", "chosen"}; null where there was nothing to validate on
  curve jsonb not null, -- [{"epoch", "loss", "mrr", "rate"}]
  best jsonb, -- {"epoch", "mrr"}; null where there was nothing to validate on
  trials jsonb not null default '[]', -- [{"settings", "epochs", "mrr", "milliseconds"}], where several settings were tried
  milliseconds double precision not null,
  dataset_version bigint not null, -- of the data set when it was trained
  created_at timestamptz not null default now(),
  unique (dataset_id, name)
);
alter table graph_models alter parameters set storage external; -- floats do not compress

create table graph_evaluations (
  graph_model_id integer not null references graph_models on delete cascade,
  split text not null check (split in ('VALIDATION', 'TEST')),
  summary jsonb not null, -- Evaluation of server/kernels/kge/evaluate.ts
  judgement jsonb, -- {"classification", "calibration", "chosen"}
  -- One number for each triple in the order of readTriples, its tail and then its head; little-endian.
  optimistic bytea not null, -- int32
  pessimistic bytea not null, -- int32
  candidates bytea not null, -- int32
  scores bytea not null, -- float32
  milliseconds double precision not null,
  dataset_version bigint not null,
  created_at timestamptz not null default now(),
  primary key (graph_model_id, split)
);
