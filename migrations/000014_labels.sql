-- Entities are asked for by their labels, upper and lower case alike: "dog" among 265,000 is found in a millisecond, by the words of the
-- full-text index in fifty. A label may be longer than what an index holds; its hash is not.
create index items_label on items (dataset_id, md5(lower(label)));
