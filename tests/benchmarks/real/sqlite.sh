# SPDX-License-Identifier: MIT OR Apache-2.0
# A database in memory: rows, indices, joins, aggregates, JSON.
# needs: /usr/bin/sqlite3 sqlite3
prepare() {
    rows=$(scaled 150000)
    cat > work.sql <<SQL
create table t(id integer primary key, name text, grp integer, body text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < $rows)
    insert into t select i, printf('name %d', i * 7919 % 100003), i % 997,
        substr('abcdefghijklmnopqrstuvwxyz', i % 20 + 1, i % 9) || i from n;
create index by_name on t(name);
create index by_group on t(grp, body);
select grp, count(*), max(length(name)), min(body) from t group by grp order by 2 desc, 1 limit 5;
select count(*) from t a join t b on a.name = b.name and a.id < b.id;
select sum(length(x)) from (select group_concat(body, ',') x from t group by grp);
update t set body = upper(body) || name where id % 3 = 0;
delete from t where id % 5 = 0;
select sum(json_array_length(j)) from (select json_group_array(name) j from t group by grp);
select count(distinct json_extract(json_object('a', name, 'b', json_array(id, grp)), '\$.b[1]'))
    from t;
SQL
}
run() { exec /usr/bin/sqlite3 -init "$INPUTS/work.sql" :memory: .quit; }
