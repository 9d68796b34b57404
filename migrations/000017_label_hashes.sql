-- The hash of a label as a number: its index is made in a third of the time that the one of texts took, and is a third of its size.
drop index items_label;
create index items_label on items (dataset_id, hashtextextended(lower(label), 0));
