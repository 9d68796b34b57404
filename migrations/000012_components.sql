-- Maps of up to ten components: not to be looked at, but to find groups in.
alter table projections drop constraint projections_components_check;
alter table projections add constraint projections_components_check check (components between 2 and 10);
