-- What a job measures as it goes: the loss of a training, for example.
create table job_points (
  job_id uuid not null references jobs on delete cascade,
  curve text not null,
  at double precision not null, -- in the unit of the curve: epochs …
  value double precision not null,
  primary key (job_id, curve, at)
);

-- How well the vectors of words answer a file of tests.
create table word_evaluations (
  id integer generated always as identity primary key,
  embedding_id integer not null references embeddings on delete cascade,
  name text not null, -- of the file
  kind text not null check (kind in ('ANALOGIES', 'SIMILARITY')),
  words integer not null, -- that answers were looked for among
  embedding_version bigint not null, -- when it was made
  sections jsonb not null, -- [{"name", "questions", "known", "right": {"ADD", "MULTIPLY"} | null, "correlation": number | null}]
  created_at timestamptz not null default now(),
  unique (embedding_id, name)
);
