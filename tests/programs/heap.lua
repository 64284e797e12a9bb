-- SPDX-License-Identifier: MIT OR Apache-2.0
-- Lua as a user of malloc: every object is one, and every table grows by realloc.

local seed = 99
local function number(limit) seed = (seed * 48271) % 2147483647; return seed % limit end
local parts, names = {}, {}
for i = 1, 120000 do
    local name = "n" .. number(5000)
    names[name] = (names[name] or 0) + 1
    parts[#parts + 1] = {i, name, string.rep("x", number(60))}
    if i % 1000 == 0 then parts = {} end
end
local sorted = {}
for name, count in pairs(names) do sorted[#sorted + 1] = {name, count} end
table.sort(sorted, function(a, b) return a[2] > b[2] or a[2] == b[2] and a[1] < b[1] end)
print(#sorted, sorted[1][1], sorted[1][2])
local text = {}
for i = 1, 20000 do text[i] = ("%d:%s"):format(i, sorted[i % #sorted + 1][1]) end
text = table.concat(text, ",")
print(#text, select(2, text:gsub("n(%d)%d*", "<%1>")))
local sum = 0
for round = 1, 300 do
    local co = coroutine.wrap(function() for i = 1, 50 do coroutine.yield({i, round}) end end)
    for i = 1, 50 do sum = sum + co()[1] end
end
collectgarbage()
print(sum)
