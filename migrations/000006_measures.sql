-- What is known of each point of a map beside its place: how far it can be trusted, by each of the measures.
alter table projections add measured boolean not null default false; -- whether projection_chunks.measures is there
alter table projection_chunks add measures bytea; -- float32 little-endian, (points, measures) row by row, NaN for none
alter table projection_chunks alter measures set storage external;
-- Measured by an older version, with fewer measures.
update projections set quality = null where not quality ? 'tripletAccuracy';
