-- Good rows
insert into marts.mart_definition_warnings by name
select 'funnels.csv' as file, 'nobody sends the event pay' as problem,
    '没有人发送事件 pay' as problem_zh, 'write the name as the feed spells it' as mend,
    '按数据里的写法填写事件名' as mend_zh, 2 as row_number;

-- Defect: says_what_to_do
update marts.mart_definition_warnings set mend = ' ';
