//! The rules for the header of a token.

use serde_json::json;
use shared::crypto::digest::base64url;

use crate::forge::Forge;
use crate::{app, case, present, refused};

#[tokio::test]
async fn a_token_with_an_altered_or_extended_header_is_refused() {
    let (app, person) = app().await;
    let forge = Forge::trusted(&app, &person);
    present(&app, &forge.genuine()).await.expect(200);
    let mut cases = Vec::new();
    let mut of = |name: String, head: String| cases.push(case(name, forge.with_head(&head)));

    let algorithms = ["none", "None", "NONE", "nOnE", "", "es256", "ES256 ", "ES256K", "ES384", "ES512", "HS256"];
    for algorithm in algorithms.into_iter().chain(["HS384", "HS512", "RS256", "PS256", "EdDSA", "A128KW", "dir"]) {
        of(format!("alg {algorithm:?}"), forge.head.with("alg", &json!(algorithm).to_string()));
    }
    for algorithm in ["null", "0", "[\"ES256\"]", "{}"] {
        of(format!("alg {algorithm}"), forge.head.with("alg", algorithm));
    }
    for kind in ["JWT", "jwt", "AT+JWT", "application/at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", ""] {
        of(format!("typ {kind:?}"), forge.head.with("typ", &json!(kind).to_string()));
    }
    let kid = forge.kid.clone();
    let other_case = if kid == kid.to_uppercase() { kid.to_lowercase() } else { kid.to_uppercase() };
    let kids = [
        "../../dev/null".to_owned(),
        "/dev/null".to_owned(),
        "..\\..\\windows\\win.ini".to_owned(),
        "file:///dev/null".to_owned(),
        "..%2f..%2fdev%2fnull".to_owned(),
        format!("../{kid}"),
        "' OR '1'='1' --".to_owned(),
        "x' UNION SELECT 'key' --".to_owned(),
        format!("{kid}'; DROP TABLE keys; --"),
        "\"} , {\"S\": \"x\"}".to_owned(),
        "|sleep 5".to_owned(),
        "$(id)".to_owned(),
        "https://evil.example/jwks.json".to_owned(),
        "\0".to_owned(),
        format!("{kid}\0"),
        format!("{kid}\0.pem"),
        format!("{kid} "),
        format!(" {kid}"),
        format!("{kid}="),
        format!("{kid}\u{200b}"),
        kid.replacen(|letter: char| letter.is_ascii_alphabetic(), "\u{430}", 1),
        other_case,
        String::new(),
        "k".repeat(1000),
        "k".repeat(10_000),
    ];
    for kid in kids {
        of(format!("kid {kid:.40?}"), forge.head.with("kid", &json!(kid).to_string()));
    }
    for (name, value) in [("kid", "null"), ("kid", "0"), ("kid", "[]"), ("typ", "null"), ("typ", "[\"at+jwt\"]")] {
        of(format!("{name} {value}"), forge.head.with(name, value));
    }
    for name in forge.head.names() {
        of(format!("no {name}"), forge.head.without(&name));
        of(format!("{name} twice"), forge.head.and(&name, &forge.head.value(&name)));
        of(format!("{name} twice, the first one different"), forge.head.before(&name, "\"none\""));
        of(format!("{name} twice, the last one different"), forge.head.and(&name, "\"none\""));
        let quoted = format!("\"{name}\":");
        of(format!("{name} in upper case"), forge.head.text().replace(&quoted, &quoted.to_uppercase()));
    }
    let jwk = forge.jwk().to_string();
    let extensions = [
        ("jku", "\"https://evil.example/jwks.json\""),
        ("jku", "\"https://api.example.com/.well-known/jwks.json\""),
        ("x5u", "\"https://evil.example/x5u.pem\""),
        ("x5c", "[\"MIIB\"]"),
        ("x5t", "\"AAAA\""),
        ("x5t#S256", "\"AAAA\""),
        ("jwk", jwk.as_str()),
        ("jwk", "{}"),
        ("crit", "[\"exp\"]"),
        ("crit", "[]"),
        ("crit", "[\"b64\"]"),
        ("b64", "false"),
        ("b64", "true"),
        ("zip", "\"DEF\""),
        ("cty", "\"JWT\""),
        ("enc", "\"A256GCM\""),
        ("epk", "{}"),
        ("iv", "\"AAAA\""),
        ("nonce", "\"AAAA\""),
        ("iss", "\"https://api.example.com\""),
        ("", "\"\""),
    ];
    for (name, value) in extensions {
        of(format!("{name} {value:.40}"), forge.head.and(name, value));
    }
    let whole = forge.head.text();
    let texts = ["", "{}", "[]", "null", "\"ES256\"", "0", "{", "}{", "[[[[[[[[", "{\"alg\":\"ES256\",}"];
    for text in texts {
        of(format!("the header {text}"), text.to_owned());
    }
    of("an array with a header".to_owned(), format!("[{whole}]"));
    of("a header and more".to_owned(), format!("{whole}{whole}"));
    of("a header and a NUL".to_owned(), format!("{whole}\0"));
    of("a byte order mark".to_owned(), format!("\u{feff}{whole}"));
    of("deeply nested".to_owned(), "[".repeat(900));
    let not_utf8 = base64url(&[whole.as_bytes(), &[0xff]].concat());
    cases.push(case("invalid UTF-8", forge.token_of(&not_utf8, &base64url(forge.claims.text().as_bytes()))));
    refused(&app, &cases).await;
    present(&app, &forge.genuine()).await.expect(200);
}
