//! A bounded reader for the CBOR of authenticators: the types of the CTAP2 canonical form (CTAP 2.2, section 8).

/// The maximum nesting of maps and arrays. CTAP2 allows 4; a compound attestation statement (WebAuthn Level 3, section
/// 8.9) with certificates needs one more.
const DEEPEST: u8 = 5;

/// One data item. It borrows from the input.
#[derive(Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Value<'a>>),
    Map(Vec<(Value<'a>, Value<'a>)>),
    /// False, true, null, undefined or a floating-point number, which no field that we read uses.
    Other,
}

impl<'a> Value<'a> {
    pub fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub fn text(&self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The member of a map with a text key.
    pub fn named(&self, name: &str) -> Option<&Self> {
        self.member(|key| matches!(key, Value::Text(text) if *text == name))
    }

    /// The member of a map with an integer key.
    pub fn numbered(&self, number: i64) -> Option<&Self> {
        self.member(|key| *key == Value::Integer(number))
    }

    fn member(&self, is_it: impl Fn(&Self) -> bool) -> Option<&Self> {
        let Self::Map(members) = self else { return None };
        members.iter().find(|(key, _)| is_it(key)).map(|(_, value)| value)
    }
}

/// Reads one item and returns it with the rest of the input. `None` for an item that is truncated, nested too deeply,
/// tagged or of indefinite length, and for a map with a duplicate key, which two parsers could interpret differently.
pub fn read(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let mut reader = Reader { rest: bytes };
    let value = reader.item(0)?;
    Some((value, reader.rest))
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// The head of an item: its major type and its argument (RFC 8949, section 3).
    fn head(&mut self) -> Option<(u8, u64)> {
        let first = *self.take(1)?.first()?;
        let follows = match first & 0x1f {
            small @ 0..=23 => return Some((first >> 5, u64::from(small))),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return None,
        };
        let argument = self.take(follows)?.iter().fold(0, |argument, byte| argument << 8 | u64::from(*byte));
        Some((first >> 5, argument))
    }

    fn item(&mut self, depth: u8) -> Option<Value<'a>> {
        let (major, argument) = self.head()?;
        // A length beyond the end of the input fails before any memory is allocated for it.
        let length = usize::try_from(argument).unwrap_or(usize::MAX);
        match major {
            0 => i64::try_from(argument).ok().map(Value::Integer),
            1 => i64::try_from(argument).ok().map(|argument| Value::Integer(-1 - argument)),
            2 => self.take(length).map(Value::Bytes),
            3 => std::str::from_utf8(self.take(length)?).ok().map(Value::Text),
            4 if depth < DEEPEST => self.array(length, depth + 1),
            5 if depth < DEEPEST => self.map(length, depth + 1),
            7 => Some(Value::Other),
            _ => None,
        }
    }

    fn array(&mut self, length: usize, depth: u8) -> Option<Value<'a>> {
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(self.item(depth)?);
        }
        Some(Value::Array(items))
    }

    fn map(&mut self, length: usize, depth: u8) -> Option<Value<'a>> {
        let mut members: Vec<(Value<'a>, Value<'a>)> = Vec::new();
        for _ in 0..length {
            let key = self.item(depth)?;
            if !matches!(key, Value::Integer(_) | Value::Text(_)) || members.iter().any(|(known, _)| *known == key) {
                return None;
            }
            members.push((key, self.item(depth)?));
        }
        Some(Value::Map(members))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn examples_of_rfc_8949_are_read() {
        // Appendix A.
        for (bytes, value) in [
            (&[0x00][..], Value::Integer(0)),
            (&[0x18, 0x64], Value::Integer(100)),
            (&[0x1a, 0x00, 0x0f, 0x42, 0x40], Value::Integer(1_000_000)),
            (&[0x39, 0x03, 0xe7], Value::Integer(-1000)),
            (&[0x44, 1, 2, 3, 4], Value::Bytes(&[1, 2, 3, 4])),
            (&[0x62, 0xc3, 0xbc], Value::Text("ü")),
            (&[0x82, 0x01, 0xf5], Value::Array(vec![Value::Integer(1), Value::Other])),
            (&[0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a], Value::Other),
        ] {
            assert_eq!(read(bytes).unwrap(), (value, &[][..]), "{bytes:02x?}");
        }
        let (map, rest) = read(&[0xa2, 0x61, 0x61, 0x01, 0x20, 0x02, 0xff]).unwrap();
        assert_eq!((map.named("a"), map.numbered(-1)), (Some(&Value::Integer(1)), Some(&Value::Integer(2))));
        assert_eq!((map.named("b"), rest), (None, &[0xff][..]));
    }

    #[test]
    fn a_non_canonical_or_truncated_item_is_refused() {
        for bytes in [
            &[][..],
            &[0x18],
            &[0x1c],
            &[0x44, 1, 2, 3],
            &[0x5f, 0x41, 0x00, 0xff],
            &[0x62, 0xc3, 0x28],
            &[0xbf, 0xff],
            &[0xa2, 0x01, 0x01, 0x01, 0x02],
            &[0xa1, 0x40, 0x01],
            &[0xc0, 0x01],
            &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &[0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x00],
        ] {
            assert_eq!(read(bytes), None, "{bytes:02x?}");
        }
        assert!(read(&[0x81, 0x81, 0x81, 0x81, 0x81, 0x00]).is_some());
        assert_eq!(read(&[0x81; 60_000]), None);
    }
}
