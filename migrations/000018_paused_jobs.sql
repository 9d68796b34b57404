-- A job can be paused: nobody works at it until it is resumed, and it goes on from its checkpoint.
alter table jobs
  drop constraint jobs_state_check,
  add constraint jobs_state_check check (state in ('QUEUED', 'RUNNING', 'PAUSED', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
  add column pause_requested boolean not null default false; -- asked of a job at work; gone when it is put down
drop index jobs_idempotency;
create unique index jobs_idempotency on jobs (kind, idempotency_key) where state in ('QUEUED', 'RUNNING', 'PAUSED');
create index jobs_paused on jobs (dataset_id) where state = 'PAUSED';
