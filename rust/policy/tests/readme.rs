// SPDX-License-Identifier: MIT OR Apache-2.0
//! The README says of the options what the table of options says.
#![allow(missing_docs, clippy::unwrap_used)]

#[test]
fn the_readme_holds_the_table_of_options() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let mut table = String::new();
    secmalloc_policy::options::write_table(&mut table).unwrap();
    let (_, rest) = readme.split_once("<!-- options:").unwrap();
    let (_, rest) = rest.split_once("-->\n").unwrap();
    let (held, _) = rest.split_once("<!-- /options -->").unwrap();
    assert!(held == table, "README.md differs; it must hold:\n{table}");
}
