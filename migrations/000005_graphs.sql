-- Knowledge graphs. Entities are the items of a data set of kind GRAPH; relations and triples have tables of their own.
-- Triples carry the data set in their key and have no foreign keys: see 000001.
create table relations (
  id integer generated always as identity primary key,
  dataset_id integer not null references datasets on delete cascade,
  key text not null,
  label text not null,
  description text,
  -- Of its triples, counted by split; heads and tails are distinct ones, of the triples in TRAIN. See countTriples in graphs.ts.
  train_count bigint not null default 0,
  validation_count bigint not null default 0,
  test_count bigint not null default 0,
  head_count bigint not null default 0,
  tail_count bigint not null default 0,
  unique (dataset_id, key)
);

create table triples (
  dataset_id integer not null,
  relation_id integer not null,
  head bigint not null, -- an item
  tail bigint not null, -- an item
  split text not null check (split in ('TRAIN', 'VALIDATION', 'TEST')),
  primary key (dataset_id, relation_id, head, tail)
);
-- What leads away from an entity and what leads to it, by relation, in the order in which it is paged.
create index triples_from on triples (dataset_id, head, relation_id, tail);
create index triples_to on triples (dataset_id, tail, relation_id, head);

-- Triples that are known not to hold, for classification and calibration.
create table false_triples (
  dataset_id integer not null,
  relation_id integer not null,
  head bigint not null,
  tail bigint not null,
  split text not null check (split in ('VALIDATION', 'TEST')),
  primary key (dataset_id, relation_id, head, tail)
);
