//! Which uploads are accepted, and the renditions of a picture.
#![allow(clippy::unwrap_used)]

use super::*;

const FILE: &[u8] = b"the bytes of a file";

fn id<T: Identified>() -> Id<T> {
    format!("{}_0197a0c0e4b07cc2a1f0c5d1e2f3a4b5", T::PREFIX).parse().unwrap()
}

fn stored(name: &str, size_bytes: u64) -> StoredPicture {
    let (name, version) = (name.to_owned(), "v1".to_owned());
    StoredPicture { name, version, format: Format::Jpeg, size_bytes, width: 9, height: 9, sha256: Sha256::of(b"") }
}

fn awaiting() -> Media {
    let (size_bytes, sha256) = (SizeBytes(FILE.len() as u64), Sha256::of(FILE));
    let by = "user_0197a0c0e4b07cc2a1f0c5d1e2f3a4b5".parse().unwrap();
    Media::announced(id(), size_bytes, sha256, None, by, Timestamp::UNIX_EPOCH)
}

#[test]
fn an_upload_that_differs_from_its_declaration_is_refused() {
    assert_eq!(awaiting().verify(FILE), Ok(()));
    assert_eq!(awaiting().verify(b"the bytes of a cat!"), Err(MediaError::UploadDiffers));
    assert_eq!(awaiting().verify(b"short"), Err(MediaError::UploadDiffers));
}

#[test]
fn an_unready_picture_expires_and_cannot_be_used() {
    let mut media = awaiting();
    assert_eq!(media.expires_at(), Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24)));
    assert_eq!(media.ready(), Err(MediaError::NotReady(media.id())));
    media.complete(stored("first", 10), None);
    assert_eq!(media.expires_at(), None);
    media.complete(stored("second", 10), None);
    assert_eq!(media.ready().unwrap().name, "first");
}

#[test]
fn a_platform_gets_the_largest_rendition_that_it_accepts() {
    let mut media = awaiting();
    media.complete(stored("full", 5_000_000), Some(stored("compact", 1_900_000)));
    assert_eq!(media.within(8_000_000).unwrap().name, "full");
    assert_eq!(media.within(2_000_000).unwrap().name, "compact");
    assert_eq!(media.within(1_000_000), Err(MediaError::TooLarge { id: media.id(), max_bytes: 1_000_000 }));
}

#[test]
fn object_names_derive_from_the_id_and_the_encoded_type() {
    let rendition = Rendition { bytes: Vec::new(), format: Format::Png, width: 1, height: 1 };
    let media = awaiting();
    assert_eq!(media.object_name(&rendition, RenditionRole::Full), format!("{}.png", media.id()));
    assert_eq!(media.object_name(&rendition, RenditionRole::Compact), format!("{}.compact.png", media.id()));
}

#[test]
fn invalid_sizes_checksums_and_alt_texts_are_refused() {
    for wrong in ["0", "20000001", "-1", "1.5"] {
        assert!(serde_json::from_str::<SizeBytes>(wrong).is_err(), "{wrong}");
    }
    assert_eq!(serde_json::from_str::<SizeBytes>("20000000").unwrap().get(), MAX_UPLOAD_BYTES);

    let right = Sha256::of(FILE).0;
    for wrong in [right.replace('=', ""), right.to_lowercase() + "=", "a".repeat(64), String::new()] {
        assert!(Sha256::try_from(wrong).is_err());
    }
    assert!(Sha256::try_from(right).is_ok());

    for (wrong, reason) in [
        ("", Unreadable::NothingVisible),
        (" \n ", Unreadable::NothingVisible),
        ("\u{200B}\n\u{2800}\u{3164}", Unreadable::NothingVisible),
        ("a\u{0}b", Unreadable::ControlCharacter),
        ("a\u{202E}b", Unreadable::ChangesDirection),
    ] {
        assert_eq!(AltText::try_from(wrong.to_owned()), Err(reason.into()), "{wrong:?}");
    }
    assert_eq!(AltText::try_from("é".repeat(2_001)), Err(NotAnAltText::WrongLength));
    assert_eq!(
        AltText::try_from("  \u{2068}Zwei Möwen\r\nam Kai\u{2069} ".to_owned()).unwrap().0,
        "Zwei Möwen\nam Kai"
    );
    assert!(AltText::try_from("é".repeat(2_000)).is_ok());
}
