//! Separators in codes that people type or paste.

/// Whether a character is a separator: any white space (some apps copy a no-break space), a hyphen or dash, or an
/// invisible mark.
pub fn is_separator(character: char) -> bool {
    const HYPHEN: char = '-';
    const MINUS: char = '\u{2212}';
    const SOFT_HYPHEN: char = '\u{AD}';
    const BYTE_ORDER_MARK: char = '\u{FEFF}';
    match character {
        HYPHEN | MINUS | SOFT_HYPHEN | BYTE_ORDER_MARK => true,
        // Zero-width spaces and marks of direction; dashes; invisible operators and isolates.
        '\u{200B}'..='\u{2015}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' => true,
        other => other.is_whitespace(),
    }
}
