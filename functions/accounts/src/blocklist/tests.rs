//! Passwords that the blocklist must refuse, and passwords that it must accept.

use shared::kernel::entropy::Entropy;

use super::Weakness::{Common, Predictable};
use super::*;

fn weak(password: &str) -> Option<Weakness> {
    weakness(password)
}

/// Whether the composition rules alone refuse it, without the list.
fn is_composed(password: &str) -> bool {
    worth(&fold(password), &Words::of([]), Listed::NONE) < needed(password)
}

#[test]
fn common_long_passwords_are_refused() {
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
            worth(&fold(password), &Words::of([]), LISTED)
        );
    }
}

#[test]
fn runs_with_steps_are_refused() {
    for password in [
        "aaabbbcccdddeee",
        "AAAbbbCCCdddEEE",
        "zzzyyyxxxwwwvvv",
        "112233445566778899",
        "111222333444555666",
        "abcabcdabcdeabcdef",
        "123234345456567678",
        "123124125126127128",
        "acegikmoqsuwyace",
        "2468101214161820",
        "1357911131517192123",
        "100999897969594939",
        "510152025303540455055",
        "123456789101112131415",
        "010203040506070809",
        "a1b2c3d4e5f6g7h8",
        "1a2b3c4d5e6f7g8h",
        "a9b8c7d6e5f4g3h2",
        "1a1b1c1d1e1f1g1h",
        "ab12cd34ef56gh78",
        "1324354657687980",
        "абвгдежзийклмноп",
        "ααβββγγγδδδεεεζζζ",
    ] {
        assert!(is_composed(password), "{password}: {}", worth(&fold(password), &Words::of([]), Listed::NONE));
    }
}

#[test]
fn keyboard_walks_in_two_scripts_are_refused() {
    for password in [
        "qwertyuiopasdfghjkl",
        "qwertzuiopasdfghjkl",
        "azertyuiopqsdfghjklm",
        "qazwsxedcrfvtgbyhn",
        "qawsedrftgyhujikolp",
        "1qay2wsx3edc4rfv",
        "q1w2e3r4t5y6u7i8o9p0",
        "qw1er2ty3ui4op5",
        "qqwweerrttyyuuii",
        "qqqwwweeerrrtttyyy",
        "йцукенгшщзхъфыва",
        "фывапролджэячсмить",
        "ЙЦУКЕН фывапр ячсмить",
        "1йфя2цыч3увс4кам",
        "йфяцычувскамепи",
        "qwertyйцукен12345",
        "йцукенqwertyasdf",
        "ййццууккееннггшш",
        "ё1234567890йцукен",
    ] {
        assert!(is_composed(password), "{password}: {}", worth(&fold(password), &Words::of([]), Listed::NONE));
    }
}

#[test]
fn words_typed_in_the_other_script_are_refused() {
    for password in ["ghbdtnvjqgfhjkm", "gfhjkmgfhjkm2024!", "зфыыцщкв123456789", "дщмуьуащкумук", "z k.,k. nt,z 2024"]
    {
        let composed = worth(&fold(password), &Words::of([]), Listed::NONE);
        assert!(is_composed(password), "{password}: {composed}");
    }
}

#[test]
fn titles_words_and_leaked_phrases_are_refused() {
    for password in [
        "cristianoronaldo",
        "nuncateolvidare",
        "ereselamordemivida",
        "welcometomylife",
        "The Grass is Green!",
        "throwrocksatboys",
        "hd764nw5d7e1vb1",
        "Harry Potter and the Goblet of Fire",
        "Monty Python and the Holy Grail 1975",
        "congratulations",
        "!!Telecommunications2024",
        "internationally",
    ] {
        assert!(weak(password).is_some(), "{password}");
        assert!(!LISTED.contains(&fold(&format!("{password}x"))), "{password}");
    }
}

/// Passwords of 15 or more characters in lists that the set was not built from: `held_out.txt` names them.
#[test]
fn at_most_one_in_a_hundred_frequent_long_passwords_is_accepted() {
    let held_out: Vec<&str> = include_str!("held_out.txt").lines().filter(|line| !line.starts_with('#')).collect();
    assert!(held_out.len() >= 100);
    let accepted: Vec<&&str> = held_out.iter().filter(|password| weak(password).is_none()).collect();
    assert!(accepted.len() * 100 <= held_out.len(), "{accepted:?}");
}

#[test]
fn the_list_has_at_most_one_false_positive_in_a_thousand() {
    let size = include_bytes!("listed.bin").len();
    assert!((100_000..250_000).contains(&size), "{size}");
    let entropy = Entropy::seeded(54);
    let random = |_| entropy.bytes::<15>().map(|byte| char::from(b'a' + byte % 26));
    let mistaken = (0..20_000).map(random).filter(|text| LISTED.contains(text)).count();
    assert!(mistaken <= 20, "{mistaken}");
}

#[test]
fn random_passphrases_and_random_strings_are_accepted() {
    let entropy = Entropy::seeded(6_204);
    let below = |bound: usize| u16::from_be_bytes(entropy.bytes::<2>()) as usize % bound;
    // Words that are in no list, but pronounceable like the words of dice passphrases.
    let syllable = || [b"bdfgklmnprstvz"[below(14)], b"aeiou"[below(5)]].map(char::from);
    let word = || (0..3).flat_map(|_| syllable()).collect::<String>();
    let phrase = |sign: &str| [word(), word(), word(), word()].join(sign);
    let text = |alphabet: &str, length: usize| {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| alphabet[below(alphabet.len())]).collect::<String>()
    };
    let (mut refused, mut made) = (Vec::new(), 0);
    for _ in 0..500 {
        for password in [
            phrase(" "),
            phrase("-"),
            phrase(""),
            text("abcdefghijklmnopqrstuvwxyz234567", 20),
            text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 15),
            text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&*+-./:=?@_", 16),
            text("0123456789abcdef", 32),
            text("あいうえおかきくけこさしすせそたちつてと", 15),
        ] {
            made += 1;
            if weak(&password).is_some() {
                refused.push(password);
            }
        }
    }
    assert!(refused.len() * 1_000 <= made, "{} of {made}: {refused:?}", refused.len());
}

/// The work for the longest passwords, counted instead of timed: the word lookups at every place, forwards and
/// backwards, and the pieces that the patterns yield.
#[test]
fn the_work_for_the_longest_password_is_bounded() {
    let own: Vec<String> = (0..MOST_OWN_WORDS).map(|number| format!("l1l1{number}1!il")).collect();
    let own = Words::of(own.iter().map(String::as_str));
    for unit in
        ["a", "!", "11", "1!i", "l1l1i1!", "a1!l4@l$", "0123456789", "19991231", "qwertyuiop", "123123124", "한"]
    {
        let longest: String = unit.chars().cycle().take(128).collect();
        let text = fold(&longest);
        assert!(text.len() <= 128, "{unit}: {}", text.len());
        let patterns = Patterns::of(&text);
        let read = std::cell::Cell::new(0);
        let mut given = 0;
        for place in 0..text.len() {
            let count = |character: Option<char>| {
                read.set(read.get() + 1);
                character
            };
            words(|at| count(text.get(place + at).copied()), &own, &mut |_, _| given += 1);
            words(|at| count(text.get(place.checked_sub(at)?).copied()), &own, &mut |_, _| given += 1);
            patterns.pieces(place, &mut |_, _| given += 1);
        }
        assert!(read.get() <= 128 * 200, "{unit}: {} characters read", read.get());
        assert!(given <= 128 * 1_200, "{unit}: {given} pieces");
    }
}

#[test]
fn good_passwords_are_accepted() {
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
        assert_eq!(weak(password), None, "{password}: {}", worth(&fold(password), &Words::of([]), LISTED));
    }
}

#[test]
fn weak_short_passwords_are_refused_and_good_ones_accepted() {
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
fn a_refused_password_has_the_right_reason() {
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
        assert!(names_the_account(password, known), "{password}");
        assert_eq!(weak(password), None, "{password}");
    }
    // It contains these names, but is still a good password.
    assert!(!names_the_account("the bulkhead of a wooden ship, said ada", known));
    assert!(!names_the_account("a kingdom for my wooden leg", known));
}

#[test]
fn folding_removes_case_and_accents() {
    assert_eq!(fold("ÑandÚ Ελλάς 7").iter().collect::<String>(), "nandu ελλας 7");
}

#[test]
fn short_names_and_excess_names_are_ignored() {
    assert!(!names_the_account("al al al bert von tram", ["al", "x", ""]));
    let many: Vec<String> = (0..10_000).map(|number| format!("word{number}")).collect();
    assert!(!names_the_account("a tram, a lamp and 3 crows", many.iter().map(String::as_str)));
}

/// Random passwords of 15 characters are accepted in any alphabet, except for digits that happen to be dates. Decorated
/// listed passwords are refused.
#[test]
fn random_passwords_are_accepted_and_decorated_ones_refused() {
    let entropy = Entropy::seeded(8);
    for (alphabet, refused_at_most) in
        [("0123456789", 10), ("abcdefghijklmnopqrstuvwxyz", 0), ("aB3$eF6&iJ9(mN2+qR5-uV8_yZ", 0)]
    {
        let alphabet: Vec<char> = alphabet.chars().collect();
        let random = || entropy.bytes::<15>().map(|byte| alphabet[usize::from(byte) % alphabet.len()]);
        let refused: Vec<String> =
            (0..500).map(|_| random().iter().collect()).filter(|password: &String| is_composed(password)).collect();
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
fn the_longest_texts_are_decomposed() {
    for text in ["password1", "1qaz2wsx", "a", "!", "l1l1i1!", "ﷺ", "\u{1e9b}\u{323}"] {
        let text = text.chars().cycle();
        let longest: String = text.clone().take(128).collect();
        assert!(weak(&longest).is_some(), "{longest}");
        let kilobyte: String = text.take(1024).collect();
        let folded = fold(&kilobyte);
        let by_characters: u32 = singles(&folded).iter().sum();
        assert!(worth(&folded, &Words::of([]), LISTED) < by_characters, "{kilobyte}");
    }
    let folded = fold(&"\u{1fa7}".repeat(341));
    assert!(folded.capacity() <= 341 * 3 * 4, "the buffer grew");
}
