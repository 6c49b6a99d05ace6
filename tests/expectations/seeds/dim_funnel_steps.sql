-- Good rows
insert into seeds.dim_funnel_steps values ('checkout', false, null);
