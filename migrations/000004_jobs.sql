-- Work that takes time. A worker claims a job for the length of a lease and renews it; `fence` rises with every claim,
-- and every write of a worker names the fence of its claim, so that a worker that was given up for dead cannot write any more.
create table jobs (
  id uuid primary key,
  kind text not null,
  input jsonb not null,
  state text not null default 'QUEUED' check (state in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
  stage text,
  progress real,
  dataset_id integer, -- the data set it works on; its removal cancels the job
  attempts integer not null default 0,
  attempts_limit integer not null default 3, -- given up when begun so often; a checkpoint and an orderly handover raise it
  run_after timestamptz not null default now(),
  worker text,
  fence bigint not null default 0,
  lease_until timestamptz,
  suspected_at timestamptz, -- when the lease was first seen to be over; a renewal takes it back
  cancel_requested boolean not null default false,
  checkpoint jsonb, -- what the task wants to find again when it is begun anew
  result jsonb,
  error jsonb, -- {"code", "message", "file"?, "line"?}
  warnings jsonb not null default '[]',
  rejected_count bigint not null default 0,
  idempotency_key text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
create index jobs_open on jobs (run_after) where state in ('QUEUED', 'RUNNING');
create index jobs_newest on jobs (created_at desc, id desc);
create unique index jobs_idempotency on jobs (kind, idempotency_key) where state in ('QUEUED', 'RUNNING');

-- The first rows that an import left out; jobs.rejected_count has them all.
create table job_rejections (
  job_id uuid not null references jobs on delete cascade,
  number integer not null,
  file text not null,
  line bigint,
  reason text not null,
  primary key (job_id, number)
);
