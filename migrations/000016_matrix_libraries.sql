-- What multiplied matrices, beside WebAssembly, when a graph model was trained on the processor, with its version; null: nothing.
alter table graph_models add column matrix_library text;
