-- What a graph model was evaluated on; null for evaluations that were before it was written down.
alter table graph_evaluations add column device text check (device in ('GPU', 'CPU'));
