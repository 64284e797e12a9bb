# SPDX-License-Identifier: MIT OR Apache-2.0
# frozen_string_literal: true

scale = ENV.fetch('SCALE').to_f
Entry = Struct.new(:name, :values, :notes)

table = {}
(1..(130_000 * scale).to_i).each do |n|
  key = "key #{n * 7919 % 40_009}" * (n % 3 + 1)
  entry = (table[key] ||= Entry.new(key, [], +''))
  entry.values << n.to_s * (n % 5 + 1)
  entry.notes << "#{n}," if n % 4 == 0
end
puts table.size, table.sum { |_, entry| entry.notes.bytesize }

text = table.values.map { |entry| "#{entry.name}: #{entry.values.join(' ')}" }.join("\n")
puts text.bytesize
words = text.split(/[\s:]+/).group_by(&:size).transform_values(&:size)
puts words.sort.to_h
puts text.gsub(/\d{4,}/) { |digits| digits.reverse }.sum
