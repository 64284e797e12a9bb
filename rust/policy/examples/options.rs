// SPDX-License-Identifier: MIT OR Apache-2.0
//! Prints the table of options that the README holds.

fn main() {
    let mut table = String::new();
    if secmalloc_policy::options::write_table(&mut table).is_ok() {
        print!("{table}");
    }
}
