//! Which passwords the blocklist refuses, and which it must not.

use shared::kernel::entropy::Entropy;

use super::Weakness::{Common, NamesTheAccount, Predictable};
use super::*;

fn weak(password: &str) -> Option<Weakness> {
    weakness(password, [])
}

#[test]
fn long_passwords_that_people_choose_are_refused() {
    for password in [
        "password123456789",
        "Passw0rd!Passw0rd!",
        "P@$$w0rd!P@$$w0rd!2024",
        "qwertyuiop1234567",
        "qwertyuiopasdfgh",
        "qwertyuiopasdfghjklzxcvbnm",
        "1qaz2wsx3edc4rfv",
        "!QAZ2wsx#EDC4rfv",
        "q2w3e4r5t6y7u8i9",
        "iloveyouiloveyou1",
        "ILoveYouSoMuch!!!",
        "letmeinletmeinletmein7",
        "summer2024summer2024",
        "Manchester2024!!",
        "ManchesterUnited1878",
        "correct horse battery staple",
        "CorrectHorseBatteryStaple!",
        "to be or not to be",
        "May the Force be with you",
        "the quick brown fox jumps over the lazy dog",
        "administrator123!",
        "dragon-monkey-tiger",
        "Liverpool Football Club",
        "drowssapdrowssap1",
        "p.a.s.s.w.o.r.d.1.2.3",
        "jessica.michael.1987",
        "password 31.12.1999",
        "aaaaaaaaaaaaaaab",
        "abcabcabcabcabcx",
        "        x       ",
        "1234567890qwertyuiop",
        "contraseña contraseña",
        "Contraseña2024!!",
        "йцукенйцукен12345",
        "thisismypassword",
        "Winter is coming 2025",
    ] {
        assert!(
            matches!(weak(password), Some(Common | Predictable)),
            "{password}: {}",
            worth(&fold(password), &Words::of([]))
        );
    }
}

#[test]
fn passwords_that_nobody_guesses_are_accepted() {
    for password in [
        "correct horse battery staplex tram",
        "correct horse battery",
        "a tram, a lamp and 3 crows",
        "tram lamp crows!tram lamp crows!",
        "my summer in the garden of a tiger",
        "dragon monkey tiger horse",
        "748219640385172",
        "kjtqzvmwpxrhbnd",
        "the thief's own password",
        "пароль из слов тут",
        "un tramway nommé désir vert",
        "fünf graue kühe am bach",
        "正しい馬の電池が歩いて帰る道の途中",
        "xK9#vLq2$mWz7!pR",
        "#:%)^_&{*;(}+]@",
        "Password is not what opens the old garage",
    ] {
        assert_eq!(weak(password), None, "{password}: {}", worth(&fold(password), &Words::of([])));
    }
}

#[test]
fn short_passwords_must_be_worth_as_much_for_each_character() {
    for password in [
        "password",
        "passw0rd",
        "Dragon12",
        "letmein!",
        "summer2024",
        "P4ssw0rd99",
        "iloveyou2",
        "jessica1987",
        "19871203",
        "monkeydragon",
        "1q2w3e4r",
        "qwer1234",
        "aaaabbbb",
        "liverpool1!",
    ] {
        assert!(matches!(weak(password), Some(Common | Predictable)), "{password}");
    }
    for password in ["k7#mQ2vx", "48213097", "tramlamp", "xkqzvmwp", "blau7kuh!", "tram lamp crow"] {
        assert_eq!(weak(password), None, "{password}");
    }
}

#[test]
fn the_reason_is_named() {
    assert_eq!(weak("CorrectHorseBatteryStaple!"), Some(Common));
    assert_eq!(weak("dragon-monkey-tiger"), Some(Predictable));
    let known = ["ada.lovelace+news", "analytical-engines", "Ada King-Noël", "Bulkhead"];
    for password in [
        "Lovelace.analytical",
        "lovelace lovelace ada",
        "ada.lovelace 1815!",
        "K1ng Noel of Engines!",
        "BulkheadLovel@ce1",
    ] {
        assert_eq!(weakness(password, known), Some(NamesTheAccount), "{password}");
        assert_eq!(weak(password), None, "{password}");
    }
    // It contains them, and is a password all the same.
    assert_eq!(weakness("the bulkhead of a wooden ship, said ada", known), None);
    assert_eq!(weakness("a kingdom for my wooden leg", known), None);
}

#[test]
fn case_and_accents_change_nothing() {
    assert_eq!(fold("ÑandÚ Ελλάς 7").iter().collect::<String>(), "nandu ελλας 7");
}

#[test]
fn short_names_and_many_names_change_nothing() {
    assert_eq!(weakness("al al al bert von tram", ["al", "x", ""]), None);
    let many: Vec<String> = (0..10_000).map(|number| format!("word{number}")).collect();
    assert_eq!(weakness("a tram, a lamp and 3 crows", many.iter().map(String::as_str)), None);
}

/// Random passwords of 15 characters are not refused, whatever they are made of, but for digits that are dates by chance;
/// and decoration saves no listed one.
#[test]
fn chance_is_accepted_and_decoration_is_not() {
    let entropy = Entropy::seeded(8);
    for (alphabet, refused_at_most) in
        [("0123456789", 10), ("abcdefghijklmnopqrstuvwxyz", 0), ("aB3$eF6&iJ9(mN2+qR5-uV8_yZ", 0)]
    {
        let alphabet: Vec<char> = alphabet.chars().collect();
        let random = || entropy.bytes::<15>().map(|byte| alphabet[usize::from(byte) % alphabet.len()]);
        let refused: Vec<String> =
            (0..500).map(|_| random().iter().collect()).filter(|password: &String| weak(password).is_some()).collect();
        assert!(refused.len() <= refused_at_most, "{refused:?}");
    }
    let list = include_str!("common.txt").lines().filter(|line| !line.starts_with('#'));
    for word in list.step_by(7) {
        for password in [
            format!("{word}{word}{word}{word}"),
            format!("!!{}2024#1", word.to_uppercase()),
            format!("{word}-123456789"),
        ] {
            assert!(weak(&password).is_some(), "{password}");
        }
    }
}

#[test]
fn the_longest_texts_are_worked_through() {
    for text in ["password1", "1qaz2wsx", "a", "!", "l1l1i1!", "ﷺ", "\u{1e9b}\u{323}"] {
        let text = text.chars().cycle();
        let longest: String = text.clone().take(128).collect();
        assert!(weak(&longest).is_some(), "{longest}");
        let kilobyte: String = text.take(1024).collect();
        let folded = fold(&kilobyte);
        let by_characters: u32 = singles(&folded).iter().sum();
        assert!(worth(&folded, &Words::of([])) < by_characters, "{kilobyte}");
    }
    let folded = fold(&"\u{1fa7}".repeat(341));
    assert!(folded.capacity() <= 341 * 3 * 4, "it grew");
}
