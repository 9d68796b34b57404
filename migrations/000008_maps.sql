-- Maps by further methods, and of some of the items.
alter table projections drop constraint projections_method_check;
alter table projections add constraint projections_method_check
  check (method in ('PCA', 'UMAP', 'TSNE', 'PACMAP', 'LOCALMAP', 'CUSTOM', 'GIVEN'));
alter table projections
  add filter jsonb, -- which items it shows, as it was asked for; null: all
  add transform bytea; -- what places further vectors exactly, as #kernels/state.ts writes it; null: their neighbours place them
