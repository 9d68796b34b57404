-- What a graph model was trained on to its end; null for those that were before it was written down.
alter table graph_models add column device text check (device in ('GPU', 'CPU'));
