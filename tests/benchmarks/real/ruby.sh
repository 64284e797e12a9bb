# SPDX-License-Identifier: MIT OR Apache-2.0
# Objects with strings and arrays behind them, which ruby takes from malloc.
# needs: /usr/bin/ruby ruby
run() { exec /usr/bin/ruby --disable=gems "$HERE/ruby.rb"; }
