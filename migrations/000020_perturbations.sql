-- How often, and by how much, the points of the map that a job makes are pushed on its way: shares, the first first.
alter table jobs add column perturbations jsonb not null default '[]';
