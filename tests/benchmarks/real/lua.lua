-- SPDX-License-Identifier: MIT OR Apache-2.0
local scale = tonumber(os.getenv("SCALE"))

local function tree(depth)
    if depth == 0 then return {} end
    return {tree(depth - 1), tree(depth - 1)}
end

local function count(node)
    return node[1] and 1 + count(node[1]) + count(node[2]) or 1
end

for _ = 1, math.max(1, 8 * scale // 1) do print(count(tree(15))) end

local index, total = {}, 0
for n = 1, 300000 * scale do
    local key = "name " .. n * 7919 % 60013
    local entry = index[key]
    if not entry then
        entry = {text = "", items = {}, get = function() return n end}
        index[key] = entry
    end
    entry.items[#entry.items + 1] = tostring(n)
    entry.text = entry.text .. n % 10
    total = total + entry.get()
end
print(total)

local parts = {}
for key, entry in pairs(index) do
    parts[#parts + 1] = key .. "=" .. table.concat(entry.items, ",")
end
table.sort(parts)
local text = table.concat(parts, "\n")
print(#text, select(2, text:gsub("%d%d%d+", string.reverse)))
