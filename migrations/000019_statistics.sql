-- Statistics of items from 9,000 rows instead of 30,000: each import gathers them anew, of all data sets together, and the words of
-- 30,000 long texts take the embedded database two seconds in which nobody else is answered. Nothing is planned by more than the
-- number of items of a data set and the most frequent words.
alter table items
  alter dataset_id set statistics 30,
  alter id set statistics 10,
  alter key set statistics 10,
  alter label set statistics 10,
  alter fields set statistics 10;
alter index items_text alter column 1 set statistics 30;
alter index items_label alter column 2 set statistics 10;
