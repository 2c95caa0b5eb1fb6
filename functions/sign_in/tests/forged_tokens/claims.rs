//! The rules for the claims of a token.

use serde_json::json;

use crate::forge::Forge;
use crate::{app, case, present, refused};

#[tokio::test]
async fn a_token_with_missing_altered_or_expired_claims_is_refused() {
    let (app, person) = app().await;
    let forge = Forge::trusted(&app, &person);
    present(&app, &forge.genuine()).await.expect(200);
    let mut cases = Vec::new();
    let mut of = |name: String, claims: String| cases.push(case(name, forge.with_claims(&claims)));
    let now = forge.now_s();

    for name in forge.claims.names() {
        let value = forge.claims.value(&name);
        of(format!("no {name}"), forge.claims.without(&name));
        for wrong in ["null", "true", "[]", "{}", "\"\""] {
            // Nothing is looked up by a token's id.
            if (name.as_str(), wrong) != ("jti", "\"\"") {
                of(format!("{name} {wrong}"), forge.claims.with(&name, wrong));
            }
        }
        of(format!("{name} in an array"), forge.claims.with(&name, &format!("[{value}]")));
        of(format!("{name} twice"), forge.claims.and(&name, &value));
        of(format!("{name} twice, the first one different"), forge.claims.before(&name, "\"x\""));
        of(format!("{name} twice, the last one different"), forge.claims.and(&name, "\"x\""));
    }
    let subject = forge.claims.value("sub");
    of("sub twice, escaped".to_owned(), forge.claims.and("\\u0073ub", &subject));
    for (name, value) in [("admin", "true"), ("scope", "\"*\""), ("role", "\"owner\""), ("cnf", "{}"), ("act", "{}")] {
        of(format!("{name} {value}"), forge.claims.and(name, value));
    }

    let seconds = [
        format!("\"{}\"", now + 900),
        format!("{}.5", now + 900),
        format!("{}.0", now + 900),
        "1e30".to_owned(),
        "1e400".to_owned(),
        "18446744073709551616".to_owned(),
        "9223372036854775808".to_owned(),
        "-9223372036854775809".to_owned(),
        "NaN".to_owned(),
        "Infinity".to_owned(),
        "0x7fffffff".to_owned(),
        format!("0{}", now + 900),
        format!("+{}", now + 900),
    ];
    for name in ["exp", "nbf", "iat"] {
        for value in &seconds {
            of(format!("{name} {value}"), forge.claims.with(name, value));
        }
    }
    for ended in [now, now - 1, 0, -1, i64::MIN] {
        of(format!("exp {ended}"), forge.claims.with("exp", &ended.to_string()));
    }
    for early in [now + 3, now + 86_400, i64::MAX] {
        of(format!("nbf {early}"), forge.claims.with("nbf", &early.to_string()));
    }
    // No token may live longer than 15 minutes, whichever key signed it.
    for late in [now + 901, now + 86_400, i64::MAX] {
        of(format!("exp {late}"), forge.claims.with("exp", &late.to_string()));
    }
    of("nbf long ago".to_owned(), forge.claims.with("nbf", &i64::MIN.to_string()));

    for name in ["iss", "aud"] {
        let others = ["https://evil.example", "https://api.example.com/", "https://api.example.com.evil.example"];
        let others = others.into_iter().chain(["HTTPS://API.EXAMPLE.COM", "http://api.example.com", "*"]);
        for other in others.chain([" https://api.example.com", "https://api.example.com\0", "api.example.com"]) {
            of(format!("{name} {other}"), forge.claims.with(name, &json!(other).to_string()));
        }
        let several = "[\"https://api.example.com\",\"https://evil.example\"]";
        of(format!("{name} {several}"), forge.claims.with(name, several));
    }
    let (user, session) = (person.user.to_string(), person.session.to_string());
    let ids = [user.to_uppercase(), user.replace("user_", ""), user.replace("user_", "ses_"), format!("{user}/../x")];
    for id in ids.into_iter().chain([format!("{user}\0"), format!("S#{user}"), "*".to_owned(), session.clone()]) {
        of(format!("sub {id}"), forge.claims.with("sub", &json!(id).to_string()));
    }
    for id in [session.to_uppercase(), user, format!("{session} "), "' OR 1=1 --".to_owned()] {
        of(format!("sid {id}"), forge.claims.with("sid", &json!(id).to_string()));
    }

    let whole = forge.claims.text();
    let nested = forge.genuine();
    for text in ["", "{}", "[]", "null", "0", "{", &nested, &format!("\"{nested}\""), &format!("{whole}{whole}")] {
        of(format!("the claims {text:.40}"), text.to_owned());
    }
    of("deeply nested".to_owned(), "{\"a\":".repeat(200));
    cases.push(case("a nested JWT", forge.token(&forge.head.and("cty", "\"JWT\""), &nested)));
    cases.push(case("a nested JWT in upper case", forge.token(&forge.head.and("cty", "\"jwt\""), &nested)));
    refused(&app, &cases).await;

    // These are well-formed and correctly signed, but no such session exists.
    let other = app.owner().await.unwrap();
    let [other_user, other_session] = [json!(other.user), json!(other.session)].map(|id| id.to_string());
    for claims in [forge.claims.with("sub", &other_user), forge.claims.with("sid", &other_session)] {
        assert_eq!(present(&app, &forge.with_claims(&claims)).await.expect(401).code(), "not_signed_in");
    }
    present(&app, &forge.genuine()).await.expect(200);
}
